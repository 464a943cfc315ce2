/* Sends a market order on every 20th tick and none while one works: buys 1 and sells 1 in turn.
 *
 *     cc -O2 -shared -fPIC -I Shared/CStrategyABI/include -o libevery20th.so every20th.c
 */
#include <stdlib.h>

#include "CStrategyABI.h"

struct pulse {
    const tr_host *host;
    uint64_t count;
};

static int32_t create(void *context, const tr_host *host, const char *configuration, void **instance)
{
    struct pulse *made = calloc(1, sizeof *made);
    (void)context;
    (void)configuration;
    if (!made)
        return 1;
    made->host = host;
    *instance = made;
    return 0;
}

static int32_t on_market_data(void *instance, const tr_market_data *data)
{
    struct pulse *me = instance;
    if (++me->count % 20 != 0)
        return 0;
    if (me->host->open_orders(me->host->context, data->symbol) != 0)
        return 0;
    tr_order_request order = {.struct_size = sizeof order, .symbol = data->symbol, .quantity_e8 = 100000000};
    order.side = me->host->position_e8(me->host->context, data->symbol) > 0 ? TR_SELL : TR_BUY;
    return me->host->submit(me->host->context, &order) > 0 ? 0 : 1;
}

static void destroy(void *instance) { free(instance); }

TR_STRATEGY_EXPORT const tr_strategy *trading_robot_strategy_v1(void)
{
    static const tr_strategy table = {
        .abi_version = TR_STRATEGY_ABI_VERSION,
        .struct_size = sizeof table,
        .metadata_json = "{\"id\":\"every20th\",\"version\":\"1.0.0\"}",
        .create = create,
        .on_market_data = on_market_data,
        .destroy = destroy,
    };
    return &table;
}

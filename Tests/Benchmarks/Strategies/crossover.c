/* The strategy of the backtest's oracle as a plugin in plain C: SMA(10) and SMA(50) of the mid, long only,
 * 100 at a time, in whole units of 1e-8.
 *
 *     cc -O2 -shared -fPIC -I Shared/CStrategyABI/include -o libcrossover.so crossover.c
 *
 * With -DQUIET it does all but send the order: for figures without order entry.
 */
#include <stdlib.h>

#include "CStrategyABI.h"

#define FAST 10
#define SLOW 50
#define SIZE 10000000000LL

struct crossover {
    const tr_host *host;
    int64_t window[64];
    int64_t fast, slow;
    uint64_t count;
};

static int32_t create(void *context, const tr_host *host, const char *configuration, void **instance)
{
    struct crossover *made = calloc(1, sizeof *made);
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
    struct crossover *me = instance;
    /* Twice the mid is bid + ask; sums of fifty stay far inside 64 bits. */
    int64_t price = data->bid_e8 + data->ask_e8;
    if (me->count >= SLOW)
        me->slow -= me->window[(me->count - SLOW) & 63];
    if (me->count >= FAST)
        me->fast -= me->window[(me->count - FAST) & 63];
    me->window[me->count & 63] = price;
    me->slow += price;
    me->fast += price;
    if (++me->count < SLOW)
        return 0;
    int64_t difference = SLOW / FAST * me->fast - me->slow;
    if (difference == 0)
        return 0;
    int64_t position = me->host->position_e8(me->host->context, 0);
    if (difference > 0 ? position != 0 : position == 0)
        return 0;
#ifdef QUIET
    return 0;
#endif
    tr_order_request order = {.struct_size = sizeof order, .quantity_e8 = SIZE};
    order.side = difference > 0 ? TR_BUY : TR_SELL;
    return me->host->submit(me->host->context, &order) > 0 ? 0 : 1;
}

static void destroy(void *instance) { free(instance); }

TR_STRATEGY_EXPORT const tr_strategy *trading_robot_strategy_v1(void)
{
    static const tr_strategy table = {
        .abi_version = TR_STRATEGY_ABI_VERSION,
        .struct_size = sizeof table,
        .metadata_json = "{\"id\":\"bench-crossover\",\"version\":\"1.0.0\"}",
        .create = create,
        .on_market_data = on_market_data,
        .destroy = destroy,
    };
    return &table;
}

/* The C interface between the platform and a native strategy, version 1.
 *
 * A native strategy is a shared library that exports one function:
 *
 *     const tr_strategy *trading_robot_strategy_v1(void);
 *
 * It returns a table of functions that stays valid for the life of the process (the platform never unloads
 * a library). With this header alone a plugin is written in plain C; nothing has to be linked.
 *
 * Rules
 * - Amounts (prices, quantities, money) are whole units of 1e-8: 181.82 is 18182000000. Times are whole
 *   microseconds since 1970 UTC. There is no floating point.
 * - A symbol is a slot: 0, 1, 2 ... in the order in which the strategy was given its symbols.
 * - Calls of one instance never overlap, but may come from different threads. Host functions may be called
 *   only from inside a call of the instance that the host table was given to, and from `create`.
 * - A strategy must decide from what it is given and nothing else: no clock, no random numbers without a
 *   fixed seed, no files. The platform runs it again after a crash and expects the same commands.
 * - Pointers given to a call are valid until the call returns. Text is UTF-8 and ends with a zero byte.
 * - A call that returns int32_t returns 0 when all is well. Anything else is a failure: the strategy is not
 *   called again, but for `cleanup` and `destroy`. Say why with `host->fail` before returning.
 *
 * Growth: tables start with the ABI version and their own size; later versions only append. What a size does
 * not reach is not there. Structures that the host passes only grow at their end.
 */
#ifndef TRADING_ROBOT_STRATEGY_ABI_H
#define TRADING_ROBOT_STRATEGY_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TR_STRATEGY_ABI_VERSION 1u
#define TR_STRATEGY_ENTRY_SYMBOL "trading_robot_strategy_v1"

#if defined(__GNUC__)
#define TR_STRATEGY_EXPORT __attribute__((visibility("default")))
#else
#define TR_STRATEGY_EXPORT
#endif

/* tr_market_data.kind */
#define TR_QUOTE 0u
#define TR_TRADE 1u
#define TR_BAR 2u

/* tr_market_data.presence: which sides the latest quote of the symbol has */
#define TR_HAS_BID 1u
#define TR_HAS_ASK 2u

/* side */
#define TR_BUY 0u
#define TR_SELL 1u

/* type */
#define TR_MARKET 0u
#define TR_LIMIT 1u
#define TR_STOP 2u

/* time_in_force */
#define TR_GTC 0u /* good till cancelled */
#define TR_IOC 1u /* immediate or cancel */

/* tr_order_update.status */
#define TR_ACCEPTED 0u
#define TR_REJECTED 1u
#define TR_REPLACED 2u
#define TR_CANCELLED 3u
#define TR_EXPIRED 4u
#define TR_FILLED 5u
#define TR_PARTIALLY_FILLED 6u

/* tr_trade.effect: what the execution did to the position */
#define TR_OPEN 0u   /* from flat */
#define TR_UPDATE 1u /* added to it or reduced it */
#define TR_CLOSE 2u  /* to flat */

/* tr_trade.liquidity */
#define TR_TAKER 0u
#define TR_MAKER 1u

/* log levels */
#define TR_LOG_DEBUG 0u
#define TR_LOG_INFO 1u
#define TR_LOG_WARNING 2u
#define TR_LOG_ERROR 3u

/* What submit, replace, cancel and set_timer return instead of a number. Nothing was sent. */
#define TR_INVALID_REQUEST (-1) /* no such symbol slot, side, type or time in force */
#define TR_UNKNOWN_ORDER (-2)   /* the order is neither unanswered nor working */
#define TR_TOO_MANY_TIMERS (-3) /* 1,024 timers are set */
#define TR_NOT_NOW (-4)         /* called during create, during cleanup or after a failure */
#define TR_WARMING_UP (-5)      /* the strategy still warms up: orders are not taken yet */

/* One market event of one of the strategy's symbols. 136 bytes. */
typedef struct tr_market_data {
    uint64_t seq;          /* the platform's number of the event */
    int64_t timestamp_us;  /* the market's time; of a bar its end */
    uint32_t symbol;       /* slot */
    uint32_t kind;         /* TR_QUOTE, TR_TRADE, TR_BAR */
    uint32_t presence;     /* TR_HAS_BID | TR_HAS_ASK */
    uint32_t interval_s;   /* seconds of a bar; 0 otherwise */
    int64_t price_e8;      /* of a trade its price; of a two-sided quote the mid (halves of 1e-8 down); of a
                              bar the close; of a one-sided quote the price that the symbol last had */
    int64_t volume_e8;     /* of a trade its size; of a bar its volume; 0 on a quote */
    int64_t bid_e8;        /* latest of this symbol; 0 where presence says that there is none */
    int64_t ask_e8;
    int64_t bid_size_e8;
    int64_t ask_size_e8;
    int64_t open_e8;       /* of a bar; 0 otherwise, like the next four */
    int64_t high_e8;
    int64_t low_e8;
    int64_t close_e8;
    int64_t open_time_us;
    uint64_t code;         /* exchange, up to 8 ASCII bytes, the first in the lowest byte; 0 for none */
    uint64_t detail;       /* sale conditions, in the same form */
} tr_market_data;

/* An order to place. Set struct_size to sizeof(tr_order_request) and what you do not use to zero. */
typedef struct tr_order_request {
    uint32_t struct_size;
    uint32_t symbol; /* slot */
    uint32_t side;
    uint32_t type;
    uint32_t time_in_force;
    uint32_t reserved;
    int64_t quantity_e8;
    int64_t price_e8;      /* limit price of a TR_LIMIT */
    int64_t stop_price_e8; /* trigger of a TR_STOP */
} tr_order_request;

/* One execution of one of the strategy's orders: the fields of the trade event. */
typedef struct tr_trade {
    uint64_t strategy_seq; /* 1, 2, 3 ... over all executions of the strategy */
    uint64_t order;        /* number of the order */
    uint32_t fill;         /* 1, 2, 3 ... within the order */
    uint32_t symbol;       /* slot */
    uint32_t side;
    uint32_t effect;
    uint32_t liquidity;
    uint32_t reserved;
    int64_t quantity_e8;
    int64_t price_e8;
    int64_t reference_price_e8; /* mid, or last, when the order was decided */
    int64_t slippage_e8;        /* of one unit, positive to the strategy's disadvantage */
    int64_t fee_e8;
    int64_t timestamp_us;
    int64_t position_e8;      /* after it, negative when short */
    int64_t average_price_e8; /* of that position, rounded for showing */
    int64_t realized_pnl_e8;  /* of this execution, before fees */
    int64_t cash_e8;          /* after it */
} tr_trade;

/* What the simulator says of an order. */
typedef struct tr_order_update {
    uint64_t report;  /* 1, 2, 3 ... in the session */
    uint64_t command; /* the command that it answers; 0 when the market caused it */
    uint64_t order;   /* number of the order */
    uint64_t after;   /* last event handed to the strategy before it */
    uint32_t status;
    uint32_t symbol;  /* slot */
    uint32_t side;
    uint32_t type;
    uint32_t time_in_force;
    uint32_t is_working; /* 1 while the order can still fill */
    int64_t quantity_e8;
    int64_t price_e8;
    int64_t stop_price_e8;
    int64_t filled_e8;
    int64_t remaining_e8;
    int64_t timestamp_us;
    const char *reason_code; /* of a rejection; null when there is none */
    const char *reason;
} tr_order_update;

/* An order that the strategy knows to be working: accepted and not finished. */
typedef struct tr_working_order {
    uint64_t order;
    uint32_t symbol; /* slot */
    uint32_t side;
    uint32_t type;
    uint32_t time_in_force;
    int64_t quantity_e8;
    int64_t filled_e8;
    int64_t remaining_e8;
    int64_t price_e8;
    int64_t stop_price_e8;
} tr_working_order;

/* What the platform does for a strategy. Pass `context` as the first argument of each function. What these
 * say of orders and account comes only from the reports that the strategy has handled. */
typedef struct tr_host {
    uint32_t abi_version;
    uint32_t struct_size;
    void *context;

    /* Orders. Each returns the number of the command, 1, 2, 3 ... whatever its kind, or a negative code. The
     * number of a submit is the number of its order. A price or quantity that the market refuses is answered
     * by a report like any other rejection. `replace` names the whole new quantity, what is filled included;
     * a zero leaves the value as it is. */
    int64_t (*submit)(void *context, const tr_order_request *request);
    int64_t (*replace)(void *context, uint64_t order, int64_t quantity_e8, int64_t price_e8,
                       int64_t stop_price_e8);
    int64_t (*cancel)(void *context, uint64_t order);

    /* Calls on_timer when session time has reached now + max(delay, 1 microsecond). Returns its number. */
    int64_t (*set_timer)(void *context, int64_t delay_us);

    /* Session time: the largest market time so far; during on_trade and on_order the report's time. */
    int64_t (*now_us)(void *context);

    /* Account. */
    int64_t (*position_e8)(void *context, uint32_t symbol);
    int64_t (*cash_e8)(void *context);

    /* Orders of a symbol that are unanswered or working. */
    uint32_t (*open_orders)(void *context, uint32_t symbol);
    /* Commands that no report has answered yet. */
    uint32_t (*unanswered)(void *context);
    /* The working order at this index (0, 1, 2 ... by their numbers): 1, or 0 when there is none. */
    int32_t (*working_order)(void *context, uint32_t index, tr_working_order *order);

    /* Symbols. The name, or null for a slot that does not exist. Increments are 0 while unknown. */
    uint32_t (*symbol_count)(void *context);
    const char *(*symbol_name)(void *context, uint32_t symbol);
    int64_t (*price_increment_e8)(void *context, uint32_t symbol);
    int64_t (*size_increment_e8)(void *context, uint32_t symbol);

    /* Parameters, by name, defaults filled in: 1, or 0 when there is none of that type (nothing is written).
     * A bool is an integer 0 or 1. An integer is also found as a decimal. Text lives as long as `host`. */
    int32_t (*parameter_integer)(void *context, const char *name, int64_t *value);
    int32_t (*parameter_decimal_e8)(void *context, const char *name, int64_t *value);
    int32_t (*parameter_text)(void *context, const char *name, const char **value);

    void (*log)(void *context, uint32_t level, const char *text);
    /* Notes why the call that is running is about to fail. */
    void (*fail)(void *context, const char *reason);
} tr_host;

/* What a strategy gives the platform. Functions marked "may be null" are optional. */
typedef struct tr_strategy {
    uint32_t abi_version; /* TR_STRATEGY_ABI_VERSION */
    uint32_t struct_size; /* sizeof(tr_strategy) */
    void *context;        /* the plugin's own, passed to create */

    /* One JSON object:
     *   {"id":"sma-crossover","name":"...","version":"1.0.0","description":"...",
     *    "intervals":[60],
     *    "parameters":{"type":"object","properties":{
     *       "fast":{"type":"integer","default":10,"minimum":1,"maximum":10000,"description":"..."},
     *       "half_spread":{"type":"number","default":0.05,"minimum":0},
     *       "enabled":{"type":"boolean","default":true},
     *       "direction":{"type":"string","default":"both","enum":["both","long"]}}}}
     * Only id and version must be there. `intervals` (seconds) asks for bars of symbols that have ticks.
     * "warm_up":{"events":50} or {"seconds":3600}: orders on a symbol are taken from its 50th event on, or
     * after so much session time; instead of the number the name of an integer parameter may stand there.
     * "requires":{"platform":"0.1.0"}: the oldest version of the platform that will do.
     * Every parameter has a default. */
    const char *metadata_json;

    /* Makes an instance and stores it. `host` stays valid until `destroy`. `config_json` is
     * {"strategy":"...","symbols":["IBM"],"parameters":{"fast":10}}, with every parameter. */
    int32_t (*create)(void *context, const tr_host *host, const char *config_json, void **instance);

    /* Once, before the first event. May be null. */
    int32_t (*initialize)(void *instance);
    int32_t (*on_market_data)(void *instance, const tr_market_data *data);
    /* For each execution, after its report was applied and before on_order. May be null. */
    int32_t (*on_trade)(void *instance, const tr_trade *trade);
    /* For each report, after its executions. May be null. */
    int32_t (*on_order)(void *instance, const tr_order_update *update);
    /* A timer is due. May be null. */
    int32_t (*on_timer)(void *instance, uint64_t timer, int64_t due_us);
    /* Once, at the end, after a failure too; not when the process is killed. May be null. */
    int32_t (*cleanup)(void *instance);
    void (*destroy)(void *instance);

    /* Snapshots, both null or neither: `snapshot` writes at most `capacity` bytes and returns how many the
     * state needs, or -1 when there is none; `restore` takes them back in a new instance, instead of
     * `initialize`. */
    int64_t (*snapshot)(void *instance, uint8_t *bytes, uint64_t capacity);
    int32_t (*restore)(void *instance, const uint8_t *bytes, uint64_t count);
} tr_strategy;

/* The one exported function. */
TR_STRATEGY_EXPORT const tr_strategy *trading_robot_strategy_v1(void);

#ifdef __cplusplus
}
#endif

#endif

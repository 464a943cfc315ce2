/* The crossing of two simple moving averages in plain C, as a program that speaks the plugin protocol
 * (Shared/Python/PROTOCOL.md): the rule of the built-in sma-crossover, in whole units of 1e-8, so that the
 * same data give the same trades, byte for byte.
 *
 *     cc -O2 -o crossover crossover.c      and the folder with plugin.json belongs into the plugin directory
 *
 * It reads only the fields that it needs, by their names; a strategy of your own may use any JSON library. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS 64
#define NAME 40

struct symbol {
    char name[NAME];
    int64_t *prices; /* a ring of `slow` */
    long seen;
    __int128 fast_sum, slow_sum;
    int64_t position;
    int open_orders;
};

static struct symbol symbols[SYMBOLS];
static int symbol_count;
static long fast, slow;
static int64_t quantity;
static int goes_short;

static const char *const hello =
    "{\"type\":\"hello\",\"protocol\":1,\"batch\":%ld,"
    "\"metadata\":{\"id\":\"sma-crossover-c\",\"version\":\"1.0.0\","
    "\"name\":\"SMA crossover in C\",\"parameters\":{\"type\":\"object\",\"properties\":{"
    "\"fast\":{\"type\":\"integer\",\"default\":10,\"minimum\":1,\"maximum\":100000},"
    "\"slow\":{\"type\":\"integer\",\"default\":50,\"minimum\":2,\"maximum\":100000},"
    "\"quantity\":{\"type\":\"number\",\"default\":100,\"minimum\":0.00000001,\"maximum\":1000000000},"
    "\"direction\":{\"type\":\"string\",\"default\":\"both\",\"enum\":[\"both\",\"long\"]}}}}}\n";

/* The value of `"name":` between `from` and `end`; null when it is not there. */
static const char *field(const char *from, const char *end, const char *name) {
    char key[64];
    int length = snprintf(key, sizeof key, "\"%s\":", name);
    const char *found = memmem(from, (size_t)(end - from), key, (size_t)length);
    return found ? found + length : NULL;
}

static int64_t whole(const char *from, const char *end, const char *name) {
    const char *value = field(from, end, name);
    return value ? strtoll(value, NULL, 10) : 0;
}

static int is(const char *from, const char *end, const char *name, const char *word) {
    const char *value = field(from, end, name);
    size_t length = strlen(word);
    return value && value[0] == '"' && strncmp(value + 1, word, length) == 0 && value[1 + length] == '"';
}

/* A decimal in units of 1e-8. */
static int64_t units(const char *text) {
    int64_t value = strtoll(text, NULL, 10), part = 0;
    int digits = 0;
    const char *point = strpbrk(text, ".,}");
    if (point && *point == '.')
        for (point++; digits < 8 && *point >= '0' && *point <= '9'; point++, digits++)
            part = part * 10 + (*point - '0');
    for (; digits < 8; digits++) part *= 10;
    return value * 100000000 + part;
}

static struct symbol *find(const char *from, const char *end) {
    for (int index = 0; index < symbol_count; index++)
        if (is(from, end, "symbol", symbols[index].name)) return &symbols[index];
    return NULL;
}

static void give_up(const char *reason) {
    printf("{\"type\":\"failed\",\"code\":\"failed\",\"reason\":\"%s\"}\n", reason);
    fflush(stdout);
    exit(1);
}

static void initialize(const char *line, const char *end) {
    fast = (long)whole(line, end, "fast");
    slow = (long)whole(line, end, "slow");
    if (fast >= slow) give_up("fast must be less than slow");
    const char *text = field(line, end, "quantity");
    quantity = text ? units(text) : 0;
    goes_short = is(line, end, "direction", "both");
    const char *name = field(line, end, "symbols");
    const char *last = name ? strchr(name, ']') : NULL;
    while (name && (name = strchr(name, '"')) && name < last && symbol_count < SYMBOLS) {
        const char *close = strchr(++name, '"');
        snprintf(symbols[symbol_count].name, NAME, "%.*s", (int)(close - name), name);
        symbols[symbol_count++].prices = calloc((size_t)slow, sizeof(int64_t));
        name = close + 1;
    }
}

/* Takes a price; writes an order into `order` and returns 1 when there is one. */
static int decide(struct symbol *symbol, int64_t price, char *order, size_t size) {
    if (symbol->seen >= fast) symbol->fast_sum -= symbol->prices[(symbol->seen - fast) % slow];
    if (symbol->seen >= slow) symbol->slow_sum -= symbol->prices[symbol->seen % slow];
    symbol->prices[symbol->seen++ % slow] = price;
    symbol->fast_sum += price;
    symbol->slow_sum += price;
    if (symbol->seen < slow || symbol->open_orders > 0) return 0;
    __int128 crossing = symbol->fast_sum * slow - symbol->slow_sum * fast;
    int64_t position = symbol->position, wanted = 0;
    if (crossing > 0 && position <= 0) wanted = quantity - position;
    if (crossing < 0 && goes_short && position >= 0) wanted = -(quantity + position);
    if (crossing < 0 && !goes_short && position > 0) wanted = -position;
    if (wanted == 0) return 0;
    symbol->open_orders = 1;
    snprintf(order, size,
             "{\"action\":\"submit\",\"symbol\":\"%s\",\"side\":\"%s\",\"quantity_e8\":%lld}", symbol->name,
             wanted > 0 ? "buy" : "sell", (long long)(wanted > 0 ? wanted : -wanted));
    return 1;
}

/* Events are objects without objects inside. The answer comes at the first on which there is an order. */
static void handle_events(const char *line, const char *end, int64_t id) {
    char order[256];
    long handled = 0;
    const char *event = field(line, end, "events");
    while (event && (event = strchr(event, '{')) != NULL) {
        const char *close = strchr(event, '}');
        handled++;
        struct symbol *symbol = find(event, close);
        if (symbol && !is(event, close, "kind", "instrument") &&
            decide(symbol, whole(event, close, "price_e8"), order, sizeof order)) {
            printf("{\"type\":\"done\",\"id\":%lld,\"handled\":%ld,\"actions\":[%s]}\n", (long long)id,
                   handled, order);
            return;
        }
        event = close;
    }
    printf("{\"type\":\"done\",\"id\":%lld,\"handled\":%ld}\n", (long long)id, handled);
}

static void handle_report(const char *line, const char *end) {
    struct symbol *symbol = find(line, end);
    if (!symbol) return;
    const char *working = field(line, end, "is_working");
    if (working && strncmp(working, "false", 5) == 0) symbol->open_orders = 0;
    /* The last trade says where the position stands. */
    const char *trade = field(line, end, "trades");
    while (trade && (trade = field(trade, end, "position_e8")) != NULL)
        symbol->position = strtoll(trade, NULL, 10);
}

int main(void) {
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        const char *end = line + length;
        int64_t id = whole(line, end, "id");
        if (is(line, end, "type", "hello")) {
            printf(hello, (long)whole(line, end, "batch"));
        } else if (is(line, end, "type", "events")) {
            handle_events(line, end, id);
        } else {
            if (is(line, end, "type", "initialize")) initialize(line, end);
            if (is(line, end, "type", "report")) handle_report(line, end);
            printf("{\"type\":\"done\",\"id\":%lld}\n", (long long)id);
        }
        fflush(stdout);
    }
    return 0;
}

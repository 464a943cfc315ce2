// Trades a second into PostgreSQL: as store_sqlite.c, over libpq, with COPY in binary for a batch's trades.
//
//     store_postgresql URL ROWS-FILE COUNT BATCH       (the tables: `benchmarks make-store URL`)
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIELDS = 20, STRATEGIES = 8, STATE = 1024, DAY = 512 };
static PGconn *db;
static char state[STATE], figures[DAY], hash[32], seal[8];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}
static void done(PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
        fprintf(stderr, "%s\n", PQerrorMessage(db));
        exit(1);
    }
    PQclear(result);
}
static void run(const char *sql) { done(PQexec(db, sql)); }
static void prepare(const char *name, const char *sql) { done(PQprepare(db, name, sql, 0, 0)); }

typedef struct {
    const char *value[24];
    int length[24], binary[24], count;
    char text[24][24];
} Parameters;
static void add(Parameters *p, const char *text) {
    p->value[p->count] = text, p->length[p->count] = (int)strlen(text), p->binary[p->count++] = 0;
}
static void number(Parameters *p, int64_t value) {
    snprintf(p->text[p->count], 24, "%lld", (long long)value);
    add(p, p->text[p->count]);
}
static void bytes(Parameters *p, const char *value, int length) {
    p->value[p->count] = value, p->length[p->count] = length, p->binary[p->count++] = 1;
}
static void execute(const char *name, Parameters *p) {
    done(PQexecPrepared(db, name, p->count, p->value, p->length, p->binary, 1));
    p->count = 0;
}

static char *copy;
static size_t used;
static void put16(int v) { copy[used++] = (char)(v >> 8), copy[used++] = (char)v; }
static void put32(int32_t v) {
    for (int i = 24; i >= 0; i -= 8) copy[used++] = (char)(v >> i);
}
static void put64(int64_t v) {
    put32(8);
    for (int i = 56; i >= 0; i -= 8) copy[used++] = (char)(v >> i);
}
static void put(const char *v, int n) {
    put32(n);
    memcpy(copy + used, v, n);
    used += n;
}

typedef struct {
    char *text[FIELDS];
    int length[FIELDS];
    int64_t number[FIELDS];
    int strategy;
} Row;
typedef struct {
    char id[64], symbol[32];
    int64_t links, fees, pnl, trades, last[4];
    int touched;
} Strategy;
static Strategy strategies[STRATEGIES];

static int strategy_of(const char *id, const char *symbol) {
    for (int i = 0; i < STRATEGIES; i++) {
        if (!strategies[i].id[0]) {
            strcpy(strategies[i].id, id);
            strcpy(strategies[i].symbol, symbol);
        }
        if (!strcmp(strategies[i].id, id)) return i;
    }
    exit(2);
}

int main(int count_, char **v) {
    if (count_ < 5) return 2;
    long n = atol(v[3]), batch = atol(v[4]);
    FILE *file = fopen(v[2], "r");
    if (!file) return 2;
    Row *rows = calloc(n, sizeof *rows);
    char *line = 0;
    size_t room = 0;
    for (long i = 0; i < n; i++) {
        if (getline(&line, &room, file) < 0) return 2;
        char *rest = strdup(line);
        for (int k = 0; k < FIELDS; k++) {
            rows[i].text[k] = rest;
            rest += strcspn(rest, "\t\n");
            rows[i].length[k] = (int)(rest - rows[i].text[k]);
            *rest++ = 0;
            rows[i].number[k] = atoll(rows[i].text[k]);
        }
        rows[i].strategy = strategy_of(rows[i].text[4], rows[i].text[7]);
    }
    copy = malloc(64 + batch * 512);
    db = PQconnectdb(v[1]);
    if (PQstatus(db) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(db));
        return 1;
    }
    run("SET client_min_messages = warning");
    prepare("checkpoint", "SELECT epoch, seq, seal FROM checkpoints WHERE source = $1");
    prepare("archive", "SELECT id FROM archive_blocks LIMIT 1");
    prepare("head", "SELECT number, chain FROM chain_heads WHERE strategy_id = $1");
    prepare("insert",
            "INSERT INTO trades (source, seq, trade_id, order_id, strategy_id, strategy_seq, event_type, "
            "symbol, side, quantity_e8, price_e8, reference_price_e8, slippage_e8, fee_e8, liquidity, "
            "timestamp_us, "
            "position_e8, average_price_e8, realized_pnl_e8, cash_e8, chain_number, chain) VALUES "
            "($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22) ON CONFLICT "
            "DO NOTHING");
    prepare("set_head",
            "INSERT INTO chain_heads (strategy_id, number, chain) VALUES ($1,$2,$3) ON CONFLICT "
            "(strategy_id) DO UPDATE SET number = excluded.number, chain = excluded.chain");
    prepare("position",
            "SELECT strategy_id, symbol, position_e8, average_price_e8, realized_pnl_e8, fees_e8, trades, "
            "strategy_seq, timestamp_us FROM positions WHERE strategy_id = $1 AND symbol = $2");
    prepare(
        "set_position",
        "INSERT INTO positions (strategy_id, symbol, position_e8, average_price_e8, "
        "realized_pnl_e8, fees_e8, trades, strategy_seq, timestamp_us) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) "
        "ON CONFLICT (strategy_id, symbol) DO UPDATE SET position_e8 = excluded.position_e8, "
        "average_price_e8 = "
        "excluded.average_price_e8, realized_pnl_e8 = excluded.realized_pnl_e8, fees_e8 = "
        "excluded.fees_e8, trades = "
        "excluded.trades, strategy_seq = excluded.strategy_seq, timestamp_us = excluded.timestamp_us");
    prepare("performance",
            "INSERT INTO performance (strategy_id, trades, timestamp_us, realized_pnl_e8, fees_e8, "
            "total_return, win_rate, maximum_drawdown, state, seal) VALUES "
            "($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT "
            "(strategy_id) DO UPDATE SET trades = excluded.trades, timestamp_us = excluded.timestamp_us, "
            "realized_pnl_e8 = "
            "excluded.realized_pnl_e8, fees_e8 = excluded.fees_e8, total_return = excluded.total_return, "
            "win_rate = "
            "excluded.win_rate, maximum_drawdown = excluded.maximum_drawdown, state = excluded.state, seal "
            "= excluded.seal");
    prepare("day", "INSERT INTO performance_days (strategy_id, symbol, day, equity_e8, figures) VALUES "
                   "($1,$2,$3,$4,$5) "
                   "ON CONFLICT (strategy_id, symbol, day) DO UPDATE SET equity_e8 = excluded.equity_e8, "
                   "figures = excluded.figures");
    prepare("set_checkpoint",
            "INSERT INTO checkpoints (source, epoch, seq, seal) VALUES ($1,$2,$3,$4) ON CONFLICT "
            "(source) DO UPDATE SET seq = excluded.seq, seal = excluded.seal");
    static const int kind[FIELDS] = {1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
    Parameters p = {.count = 0};
    double start = now();
    for (long first = 0; first < n; first += batch) {
        long end = first + batch < n ? first + batch : n;
        int64_t last_seq = rows[end - 1].number[1];
        run("BEGIN; SELECT pg_advisory_xact_lock(1414680684, hashtext(current_schema()))");
        add(&p, "simulator"), execute("checkpoint", &p);
        execute("archive", &p);
        for (long i = first; i < end; i++) {
            Strategy *s = &strategies[rows[i].strategy];
            if (s->touched) continue;
            s->touched = 1;
            add(&p, s->id), execute("head", &p);
        }
        if (end - first >= 3) {
            run("SAVEPOINT bulk");
            used = 0;
            memcpy(copy, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19), used = 19;
        }
        for (long i = first; i < end; i++) {
            Row *r = &rows[i];
            Strategy *s = &strategies[r->strategy];
            hash[0] = (char)i;
            if (end - first >= 3) {
                put16(22);
                for (int k = 0; k < FIELDS; k++)
                    if (kind[k])
                        put(r->text[k], r->length[k]);
                    else
                        put64(r->number[k]);
                put64(++s->links), put(hash, 32);
            } else {
                for (int k = 0; k < FIELDS; k++) add(&p, r->text[k]);
                number(&p, ++s->links), bytes(&p, hash, 32), execute("insert", &p);
            }
            s->fees += r->number[13], s->pnl += r->number[18], s->trades++;
            s->last[0] = r->number[16], s->last[1] = r->number[17], s->last[2] = r->number[5],
            s->last[3] = r->number[15];
        }
        if (end - first >= 3) {
            put16(-1);
            run("COPY trades (source, seq, trade_id, order_id, strategy_id, strategy_seq, event_type, "
                "symbol, side, "
                "quantity_e8, price_e8, reference_price_e8, slippage_e8, fee_e8, liquidity, timestamp_us, "
                "position_e8, "
                "average_price_e8, realized_pnl_e8, cash_e8, chain_number, chain) FROM STDIN (FORMAT "
                "binary)");
            if (PQputCopyData(db, copy, (int)used) != 1 || PQputCopyEnd(db, 0) != 1) return 1;
            done(PQgetResult(db));
            PQclear(PQgetResult(db));
        }
        for (int k = 0; k < STRATEGIES; k++) {
            Strategy *s = &strategies[k];
            if (!s->touched) continue;
            add(&p, s->id), number(&p, s->links), bytes(&p, hash, 32), execute("set_head", &p);
        }
        for (int k = 0; k < STRATEGIES; k++) {
            Strategy *s = &strategies[k];
            if (!s->touched) continue;
            add(&p, s->id), add(&p, s->symbol), execute("position", &p);
            add(&p, s->id), add(&p, s->symbol), number(&p, s->last[0]), number(&p, s->last[1]),
                number(&p, s->pnl);
            number(&p, s->fees), number(&p, s->trades), number(&p, s->last[2]), number(&p, s->last[3]);
            execute("set_position", &p);
        }
        for (int k = 0; k < STRATEGIES; k++) {
            Strategy *s = &strategies[k];
            if (!s->touched) continue;
            s->touched = 0;
            add(&p, s->id);
            for (int j = 0; j < 4; j++) number(&p, last_seq);
            for (int j = 0; j < 3; j++) add(&p, "0.25");
            bytes(&p, state, STATE), bytes(&p, seal, 8), execute("performance", &p);
            for (int j = 0; j < 2; j++) {
                add(&p, s->id), add(&p, j ? "X" : ""), number(&p, 20447 + last_seq / 86400),
                    number(&p, last_seq);
                bytes(&p, figures, DAY), execute("day", &p);
            }
        }
        add(&p, "simulator"), add(&p, "k3v9q2"), number(&p, last_seq), bytes(&p, seal, 8);
        execute("set_checkpoint", &p);
        run("COMMIT");
    }
    printf("{\"bench\":\"store\",\"rows_s\":%.0f}\n", n / (now() - start));
    PQfinish(db);
    return 0;
}

// Trades a second into SQLite: a bare loop over the statements of Shared/Persistence/Statements, with the
// rows that `benchmarks trades` has written and the batches of `benchmarks store`. Hashes are given, not
// computed.
//
//     store_sqlite DATABASE ROWS-FILE COUNT BATCH NORMAL|FULL       (the tables: `benchmarks make-store
//     DATABASE`)
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIELDS = 20, STRATEGIES = 8, STATE = 1024, DAY = 512 };
static sqlite3 *db;
static unsigned char hash[32], seal[8], state[STATE], figures[DAY];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}
static void run(const char *sql) {
    char *error = 0;
    if (sqlite3_exec(db, sql, 0, 0, &error)) {
        fprintf(stderr, "%s: %s\n", sql, error);
        exit(1);
    }
}
static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, 0)) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
    return statement;
}
static int step(sqlite3_stmt *statement) {
    int code = sqlite3_step(statement), row = code == SQLITE_ROW;
    if (!row && code != SQLITE_DONE) {
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        exit(1);
    }
    return row;
}
static void finish(sqlite3_stmt *statement) {
    step(statement);
    sqlite3_reset(statement);
}
static void text(sqlite3_stmt *s, int i, const char *v, int n) {
    sqlite3_bind_text(s, i, v, n, SQLITE_STATIC);
}
static void blob(sqlite3_stmt *s, int i, const void *v, int n) {
    sqlite3_bind_blob(s, i, v, n, SQLITE_STATIC);
}

typedef struct {
    char *text[FIELDS];
    int length[FIELDS];
    int64_t number[FIELDS];
    int strategy;
} Row;
typedef struct {
    char id[64], symbol[32];
    int64_t links, fees, pnl, trades, last[9];
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
    if (count_ < 6) return 2;
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
    char pragma[64];
    if (sqlite3_open(v[1], &db)) return 2;
    run("PRAGMA cache_size = -65536");
    run("PRAGMA journal_mode = WAL");
    snprintf(pragma, sizeof pragma, "PRAGMA synchronous = %s", v[5]);
    run(pragma);
    run("PRAGMA wal_autocheckpoint = 4096");
    sqlite3_stmt *
        begin = prepare("BEGIN IMMEDIATE"),
       *commit = prepare("COMMIT"),
       *checkpoint = prepare("SELECT epoch, seq, seal FROM checkpoints WHERE source = ?"),
       *archive = prepare("SELECT id FROM archive_blocks LIMIT 1"),
       *head = prepare("SELECT number, chain FROM chain_heads WHERE strategy_id = ?"),
       *insert = prepare(
           "INSERT INTO trades (source, seq, trade_id, order_id, strategy_id, strategy_seq, event_type, "
           "symbol, side, quantity_e8, price_e8, reference_price_e8, slippage_e8, fee_e8, liquidity, "
           "timestamp_us, "
           "position_e8, average_price_e8, realized_pnl_e8, cash_e8, chain_number, chain) "
           "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"),
       *set_head =
           prepare("INSERT INTO chain_heads (strategy_id, number, chain) VALUES (?, ?, ?) ON CONFLICT "
                   "(strategy_id) DO UPDATE SET number = excluded.number, chain = excluded.chain"),
       *position = prepare(
           "SELECT strategy_id, symbol, position_e8, average_price_e8, realized_pnl_e8, fees_e8, "
           "trades, strategy_seq, timestamp_us FROM positions WHERE strategy_id = ? AND symbol = ?"),
       *set_position = prepare(
           "INSERT INTO positions (strategy_id, symbol, position_e8, average_price_e8, "
           "realized_pnl_e8, fees_e8, trades, strategy_seq, timestamp_us) VALUES (?,?,?,?,?,?,?,?,?) ON "
           "CONFLICT "
           "(strategy_id, symbol) DO UPDATE SET position_e8 = excluded.position_e8, average_price_e8 = "
           "excluded.average_price_e8, realized_pnl_e8 = excluded.realized_pnl_e8, fees_e8 = "
           "excluded.fees_e8, "
           "trades = excluded.trades, strategy_seq = excluded.strategy_seq, timestamp_us = "
           "excluded.timestamp_us"),
       *performance = prepare(
           "INSERT INTO performance (strategy_id, trades, timestamp_us, realized_pnl_e8, fees_e8, "
           "total_return, win_rate, maximum_drawdown, state, seal) VALUES (?,?,?,?,?,?,?,?,?,?) ON "
           "CONFLICT "
           "(strategy_id) DO UPDATE SET trades = excluded.trades, timestamp_us = excluded.timestamp_us, "
           "realized_pnl_e8 = excluded.realized_pnl_e8, fees_e8 = excluded.fees_e8, total_return = "
           "excluded.total_return, win_rate = excluded.win_rate, maximum_drawdown = "
           "excluded.maximum_drawdown, "
           "state = excluded.state, seal = excluded.seal"),
       *day = prepare(
           "INSERT INTO performance_days (strategy_id, symbol, day, equity_e8, figures) VALUES (?,?,?,?,?) "
           "ON CONFLICT (strategy_id, symbol, day) DO UPDATE SET equity_e8 = excluded.equity_e8, figures = "
           "excluded.figures"),
       *set_checkpoint =
           prepare("INSERT INTO checkpoints (source, epoch, seq, seal) VALUES (?,?,?,?) ON CONFLICT "
                   "(source) DO UPDATE SET seq = excluded.seq, seal = excluded.seal");
    static const int number_at[] = {1, 5, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19};
    static const int text_at[] = {0, 2, 3, 4, 6, 7, 8, 14};
    double start = now();
    for (long first = 0; first < n; first += batch) {
        long end = first + batch < n ? first + batch : n;
        int64_t last_seq = rows[end - 1].number[1];
        finish(begin);
        text(checkpoint, 1, "simulator", 9);
        if (step(checkpoint)) (void)sqlite3_column_int64(checkpoint, 1);
        sqlite3_reset(checkpoint);
        step(archive);
        sqlite3_reset(archive);
        for (long i = first; i < end; i++) {
            Strategy *s = &strategies[rows[i].strategy];
            if (s->touched) continue;
            s->touched = 1;
            text(head, 1, s->id, -1);
            if (step(head)) memcpy(hash, sqlite3_column_blob(head, 1), 32);
            sqlite3_reset(head);
        }
        for (long i = first; i < end; i++) {
            Row *r = &rows[i];
            Strategy *s = &strategies[r->strategy];
            for (unsigned k = 0; k < sizeof text_at / sizeof *text_at; k++)
                text(insert, text_at[k] + 1, r->text[text_at[k]], r->length[text_at[k]]);
            for (unsigned k = 0; k < sizeof number_at / sizeof *number_at; k++)
                sqlite3_bind_int64(insert, number_at[k] + 1, r->number[number_at[k]]);
            sqlite3_bind_int64(insert, 21, ++s->links);
            hash[0] = (unsigned char)i;
            blob(insert, 22, hash, 32);
            finish(insert);
            s->fees += r->number[13];
            s->pnl += r->number[18];
            s->trades++;
            s->last[0] = r->number[16], s->last[1] = r->number[17], s->last[2] = r->number[5],
            s->last[3] = r->number[15];
        }
        for (int k = 0; k < STRATEGIES; k++) {
            Strategy *s = &strategies[k];
            if (!s->touched) continue;
            text(set_head, 1, s->id, -1), sqlite3_bind_int64(set_head, 2, s->links),
                blob(set_head, 3, hash, 32);
            finish(set_head);
        }
        for (int k = 0; k < STRATEGIES; k++) {
            Strategy *s = &strategies[k];
            if (!s->touched) continue;
            text(position, 1, s->id, -1), text(position, 2, s->symbol, -1);
            if (step(position)) (void)sqlite3_column_int64(position, 4);
            sqlite3_reset(position);
            text(set_position, 1, s->id, -1), text(set_position, 2, s->symbol, -1);
            sqlite3_bind_int64(set_position, 3, s->last[0]),
                sqlite3_bind_int64(set_position, 4, s->last[1]);
            sqlite3_bind_int64(set_position, 5, s->pnl), sqlite3_bind_int64(set_position, 6, s->fees);
            sqlite3_bind_int64(set_position, 7, s->trades), sqlite3_bind_int64(set_position, 8, s->last[2]);
            sqlite3_bind_int64(set_position, 9, s->last[3]);
            finish(set_position);
        }
        for (int k = 0; k < STRATEGIES; k++) {
            Strategy *s = &strategies[k];
            if (!s->touched) continue;
            s->touched = 0;
            text(performance, 1, s->id, -1);
            for (int j = 2; j <= 5; j++) sqlite3_bind_int64(performance, j, last_seq);
            for (int j = 6; j <= 8; j++) sqlite3_bind_double(performance, j, 0.25);
            blob(performance, 9, state, STATE), blob(performance, 10, seal, 8);
            finish(performance);
            for (int j = 0; j < 2; j++) {
                text(day, 1, s->id, -1), text(day, 2, j ? "X" : "", -1);
                sqlite3_bind_int64(day, 3, 20447 + last_seq / 86400), sqlite3_bind_int64(day, 4, last_seq);
                blob(day, 5, figures, DAY);
                finish(day);
            }
        }
        text(set_checkpoint, 1, "simulator", 9), text(set_checkpoint, 2, "k3v9q2", 6);
        sqlite3_bind_int64(set_checkpoint, 3, last_seq), blob(set_checkpoint, 4, seal, 8);
        finish(set_checkpoint);
        finish(commit);
    }
    printf("{\"bench\":\"store\",\"rows_s\":%.0f}\n", n / (now() - start));
    return 0;
}

-- The database of format 2 as the program of that time made it, with some rows of each table. Never edited.

CREATE TABLE schema_versions (
    version INTEGER NOT NULL PRIMARY KEY,
    applied_us INTEGER NOT NULL,
    program_version TEXT NOT NULL
) STRICT;

CREATE TABLE trades (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    trade_id TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    strategy_id TEXT NOT NULL,
    strategy_seq INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity_e8 INTEGER NOT NULL,
    price_e8 INTEGER NOT NULL,
    reference_price_e8 INTEGER NOT NULL,
    slippage_e8 INTEGER NOT NULL,
    fee_e8 INTEGER NOT NULL,
    liquidity TEXT NOT NULL,
    timestamp_us INTEGER NOT NULL,
    position_e8 INTEGER NOT NULL,
    average_price_e8 INTEGER NOT NULL,
    realized_pnl_e8 INTEGER NOT NULL,
    cash_e8 INTEGER NOT NULL,
    UNIQUE (strategy_id, strategy_seq)
) STRICT;
CREATE INDEX trades_by_symbol ON trades (symbol, timestamp_us);
CREATE INDEX trades_by_time ON trades (timestamp_us);

CREATE TABLE checkpoints (
    source TEXT NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE positions (
    strategy_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    position_e8 INTEGER NOT NULL,
    average_price_e8 INTEGER NOT NULL,
    realized_pnl_e8 INTEGER NOT NULL,
    fees_e8 INTEGER NOT NULL,
    trades INTEGER NOT NULL,
    strategy_seq INTEGER NOT NULL,
    timestamp_us INTEGER NOT NULL,
    PRIMARY KEY (strategy_id, symbol)
) STRICT;

CREATE TABLE performance (
    strategy_id TEXT NOT NULL PRIMARY KEY,
    trades INTEGER NOT NULL,
    timestamp_us INTEGER NOT NULL,
    realized_pnl_e8 INTEGER NOT NULL,
    fees_e8 INTEGER NOT NULL,
    total_return REAL,
    win_rate REAL,
    maximum_drawdown REAL,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reason TEXT NOT NULL,
    sentence TEXT NOT NULL,
    stage TEXT NOT NULL,
    byte_offset INTEGER,
    source TEXT NOT NULL,
    seq INTEGER NOT NULL,
    topic TEXT NOT NULL,
    original BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    count INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    program_version TEXT NOT NULL,
    state TEXT NOT NULL,
    UNIQUE (source, topic, sha256)
) STRICT;

CREATE TABLE strategies (
    id TEXT NOT NULL PRIMARY KEY,
    plugin TEXT NOT NULL,
    symbols TEXT NOT NULL,
    parameters TEXT NOT NULL,
    simulation TEXT NOT NULL,
    desired_state TEXT NOT NULL,
    owner TEXT,
    fence INTEGER NOT NULL,
    lease_expires_us INTEGER
) STRICT;

CREATE TABLE equity_marks (
    strategy_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    strategy_seq INTEGER NOT NULL,
    timestamp_us INTEGER NOT NULL,
    equity_e8 INTEGER NOT NULL,
    cash_e8 INTEGER NOT NULL,
    currency TEXT NOT NULL,
    periods_per_year INTEGER NOT NULL,
    positions TEXT NOT NULL,
    PRIMARY KEY (strategy_id, number)
) STRICT;

CREATE TABLE performance_days (
    strategy_id TEXT NOT NULL,
    symbol TEXT NOT NULL,
    day INTEGER NOT NULL,
    equity_e8 INTEGER NOT NULL,
    figures BLOB NOT NULL,
    PRIMARY KEY (strategy_id, symbol, day)
) STRICT;

INSERT INTO schema_versions (version, applied_us, program_version) VALUES
    (1, 1766658600000001, '0.1.0'),
    (2, 1766658600000002, '0.1.0');
INSERT INTO trades (source, seq, trade_id, order_id, strategy_id, strategy_seq, event_type, symbol, side, quantity_e8, price_e8, reference_price_e8, slippage_e8, fee_e8, liquidity, timestamp_us, position_e8, average_price_e8, realized_pnl_e8, cash_e8) VALUES
    ('simulator', 1, 'a:1:1', 'a:1', 'a', 1, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123001, 10000000000, 18182000000, 0, 8181699999999),
    ('simulator', 2, 'a:2:1', 'a:2', 'a', 2, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123002, 0, 0, 2000007, 8181699999998),
    ('simulator', 3, 'b:3:1', 'b:3', 'b', 3, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123003, 10000000000, 18182000000, 0, 8181699999997),
    ('simulator', 4, 'a:4:1', 'a:4', 'a', 4, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123004, 0, 0, 4000007, 8181699999996),
    ('simulator', 5, 'a:5:1', 'a:5', 'a', 5, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123005, 10000000000, 18182000000, 0, 8181699999995),
    ('simulator', 6, 'b:6:1', 'b:6', 'b', 6, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123006, 0, 0, 6000007, 8181699999994),
    ('simulator', 7, 'a:7:1', 'a:7', 'a', 7, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123007, 10000000000, 18182000000, 0, 8181699999993),
    ('simulator', 8, 'a:8:1', 'a:8', 'a', 8, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123008, 0, 0, 8000007, 8181699999992),
    ('simulator', 9, 'b:9:1', 'b:9', 'b', 9, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123009, 10000000000, 18182000000, 0, 8181699999991),
    ('simulator', 10, 'a:10:1', 'a:10', 'a', 10, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123010, 0, 0, 10000007, 8181699999990),
    ('simulator', 11, 'a:11:1', 'a:11', 'a', 11, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123011, 10000000000, 18182000000, 0, 8181699999989),
    ('simulator', 12, 'b:12:1', 'b:12', 'b', 12, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123012, 0, 0, 12000007, 8181699999988),
    ('simulator', 13, 'a:13:1', 'a:13', 'a', 13, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123013, 10000000000, 18182000000, 0, 8181699999987),
    ('simulator', 14, 'a:14:1', 'a:14', 'a', 14, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123014, 0, 0, 14000007, 8181699999986),
    ('simulator', 15, 'b:15:1', 'b:15', 'b', 15, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123015, 10000000000, 18182000000, 0, 8181699999985),
    ('simulator', 16, 'a:16:1', 'a:16', 'a', 16, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123016, 0, 0, 16000007, 8181699999984),
    ('simulator', 17, 'a:17:1', 'a:17', 'a', 17, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123017, 10000000000, 18182000000, 0, 8181699999983),
    ('simulator', 18, 'b:18:1', 'b:18', 'b', 18, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123018, 0, 0, 18000007, 8181699999982),
    ('simulator', 19, 'a:19:1', 'a:19', 'a', 19, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123019, 10000000000, 18182000000, 0, 8181699999981),
    ('simulator', 20, 'a:20:1', 'a:20', 'a', 20, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123020, 0, 0, 20000007, 8181699999980),
    ('simulator', 21, 'b:21:1', 'b:21', 'b', 21, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123021, 10000000000, 18182000000, 0, 8181699999979),
    ('simulator', 22, 'a:22:1', 'a:22', 'a', 22, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123022, 0, 0, 22000007, 8181699999978),
    ('simulator', 23, 'a:23:1', 'a:23', 'a', 23, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123023, 10000000000, 18182000000, 0, 8181699999977),
    ('simulator', 24, 'b:24:1', 'b:24', 'b', 24, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123024, 0, 0, 24000007, 8181699999976),
    ('simulator', 25, 'a:25:1', 'a:25', 'a', 25, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123025, 10000000000, 18182000000, 0, 8181699999975);
INSERT INTO checkpoints (source, epoch, seq) VALUES
    ('simulator', 'k3v9q2', 25);
INSERT INTO positions (strategy_id, symbol, position_e8, average_price_e8, realized_pnl_e8, fees_e8, trades, strategy_seq, timestamp_us) VALUES
    ('a', 'IBM', 10000000000, 18182000000, 96000056, 1700000000, 17, 25, 1381239000123025),
    ('b', 'IBM', 0, 0, 60000028, 800000000, 8, 24, 1381239000123024);
INSERT INTO performance (strategy_id, trades, timestamp_us, realized_pnl_e8, fees_e8, total_return, win_rate, maximum_drawdown, state) VALUES
    ('a', 9, 1000000, 300000000, 200000000, 0.25, NULL, 0.1, X'0001FF');
INSERT INTO dead_letters (reason, sentence, stage, byte_offset, source, seq, topic, original, sha256, first_seen_us, last_seen_us, count, attempts, program_version, state) VALUES
    ('undecodable', 'no value at byte 3', 'book', 3, 'simulator', 0, 'trade/a/IBM/', X'7B2261223A', X'FFB38B22EE3E0CA90325EBCE953A9846990F292FAF44C50498771602E31CB61F', 1766658600000000, 1766658600000005, 2, 0, '0.1.0', 'open'),
    ('trade_id_conflict', 'no value at byte 3', 'book', 3, 'simulator', 0, 'trade/a/IBM/', X'7B2262223A317D', X'EB8ED3CCB5023093B56F490A46501E88D09736687E609FDBC1C71B3DF8B9CCD3', 1766658600000000, 1766658600000005, 2, 0, '0.1.0', 'open'),
    ('strategy_seq_conflict', 'no value at byte 3', 'book', 3, 'simulator', 0, 'trade/a/IBM/', X'7B2263223A317D', X'A1DD48C657971696C2087F2A6BEB489EE65B25320B763222F10718DD93E9149E', 1766658600000000, 1766658600000005, 2, 0, '0.1.0', 'open');
INSERT INTO strategies (id, plugin, symbols, parameters, simulation, desired_state, owner, fence, lease_expires_us) VALUES
    ('s', 'sma-crossover', 'IBM+AAPL', '{"fast":10}', '{"cash":100000}', 'running', 'r1', 7, 1);
INSERT INTO equity_marks (strategy_id, number, strategy_seq, timestamp_us, equity_e8, cash_e8, currency, periods_per_year, positions) VALUES
    ('a', 1, 0, 1381239000123001, 10000000000001, 10000000000000, 'USD', 252, '[]'),
    ('a', 2, 1, 1381239000123002, 10000000000002, 10000000000000, 'USD', 252, '[]');
INSERT INTO performance_days (strategy_id, symbol, day, equity_e8, figures) VALUES
    ('a', '', 15986, 10000000000000, X'07'),
    ('a', 'IBM', 15986, 100000000, X'08');

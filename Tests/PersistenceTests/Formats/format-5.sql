-- The database of format 5 as the program of that time made it, with some rows of each table. Never edited.

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

ALTER TABLE trades ADD COLUMN chain_number INTEGER;
ALTER TABLE trades ADD COLUMN chain BLOB;
CREATE INDEX trades_by_strategy ON trades (strategy_id, timestamp_us);
CREATE TABLE chain_heads (
    strategy_id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    chain BLOB NOT NULL
) STRICT;
ALTER TABLE checkpoints ADD COLUMN seal BLOB;
ALTER TABLE performance ADD COLUMN seal BLOB;

ALTER TABLE dead_letters ADD COLUMN edited BLOB;
ALTER TABLE dead_letters ADD COLUMN trade_id TEXT;
ALTER TABLE dead_letters ADD COLUMN strategy_id TEXT;
ALTER TABLE dead_letters ADD COLUMN strategy_seq INTEGER;
UPDATE dead_letters SET reason = CASE reason
    WHEN 'trade_id_conflict' THEN 'conflicting_duplicate'
    WHEN 'strategy_seq_conflict' THEN 'sequence_conflict'
    WHEN 'out_of_range' THEN 'out_of_range' ELSE 'schema_violation' END;
CREATE INDEX dead_letters_by_state ON dead_letters (state, reason, first_seen_us);
CREATE INDEX dead_letters_by_strategy ON dead_letters (strategy_id, strategy_seq);

CREATE TABLE dead_letter_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    letter INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    why TEXT NOT NULL,
    content BLOB
) STRICT;
CREATE INDEX dead_letter_history_by_letter ON dead_letter_history (letter, id);

CREATE TABLE outside_strategies (
    strategy_id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    first_seen_us INTEGER NOT NULL
) STRICT;

CREATE TABLE attempts (
    sha256 BLOB NOT NULL PRIMARY KEY,
    begun INTEGER NOT NULL
) STRICT;

CREATE TABLE runners (
    name TEXT NOT NULL PRIMARY KEY,
    expires_us INTEGER NOT NULL
) STRICT;
ALTER TABLE strategies ADD COLUMN start_seq INTEGER NOT NULL DEFAULT 1;
ALTER TABLE strategies ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting';
ALTER TABLE strategies ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE strategies ADD COLUMN event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE strategies ADD COLUMN lag INTEGER NOT NULL DEFAULT 0;

INSERT INTO schema_versions (version, applied_us, program_version) VALUES
    (1, 1766658600000001, '0.1.0'),
    (2, 1766658600000002, '0.1.0'),
    (3, 1766658600000003, '0.1.0'),
    (4, 1766658600000004, '0.1.0'),
    (5, 1766658600000005, '0.1.0');
INSERT INTO trades (source, seq, trade_id, order_id, strategy_id, strategy_seq, event_type, symbol, side, quantity_e8, price_e8, reference_price_e8, slippage_e8, fee_e8, liquidity, timestamp_us, position_e8, average_price_e8, realized_pnl_e8, cash_e8, chain_number, chain) VALUES
    ('simulator', 1, 'a:1:1', 'a:1', 'a', 1, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123001, 10000000000, 18182000000, 0, 8181699999999, 1, X'38FF6D5327B93EAC02EBBB23FD4E6D6BB123C59439EAE45BD167454F244DB953'),
    ('simulator', 2, 'a:2:1', 'a:2', 'a', 2, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123002, 0, 0, 2000007, 8181699999998, 2, X'22275E1D36880E0A1FE7413E1FEBA820F1F76927416250950DA68713C55C190D'),
    ('simulator', 3, 'b:3:1', 'b:3', 'b', 3, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123003, 10000000000, 18182000000, 0, 8181699999997, 1, X'04737C9454483DB4215945255FAE85B30EFF3C86DF0FCE8412A6213D3EFF2124'),
    ('simulator', 4, 'a:4:1', 'a:4', 'a', 4, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123004, 0, 0, 4000007, 8181699999996, 3, X'F3D8AFF16A0E8C655134DB74D74F1999A041AAF5CB3A82D0457FC6475F6091B9'),
    ('simulator', 5, 'a:5:1', 'a:5', 'a', 5, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123005, 10000000000, 18182000000, 0, 8181699999995, 4, X'86D17A737032E4ECD4AE41381185C7D5AE8F99E804F4DC76CBBCAEC3E8D155EB'),
    ('simulator', 6, 'b:6:1', 'b:6', 'b', 6, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123006, 0, 0, 6000007, 8181699999994, 2, X'B0032CDEB83B28F125392397A3209CD5502A6830A35F7DD1897E34A0485EBD9C'),
    ('simulator', 7, 'a:7:1', 'a:7', 'a', 7, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123007, 10000000000, 18182000000, 0, 8181699999993, 5, X'3F59EF279F9A47FE44302690ADA6BD9DCACC4AB7936F1A10288B55A7BB0DD04F'),
    ('simulator', 8, 'a:8:1', 'a:8', 'a', 8, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123008, 0, 0, 8000007, 8181699999992, 6, X'6C3668763C30F2E5FF6142BE454A1946FD67504469944F45630E3C599886FFCC'),
    ('simulator', 9, 'b:9:1', 'b:9', 'b', 9, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123009, 10000000000, 18182000000, 0, 8181699999991, 3, X'50212D13B39911BE52ED310E4A146063C378953178D088B6D66CE7D1BAC58C4D'),
    ('simulator', 10, 'a:10:1', 'a:10', 'a', 10, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123010, 0, 0, 10000007, 8181699999990, 7, X'256FF9845B400CD2634F7506297DED0FC86DC9B28AC345BF26D6609B07D81C24'),
    ('simulator', 11, 'a:11:1', 'a:11', 'a', 11, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123011, 10000000000, 18182000000, 0, 8181699999989, 8, X'F9781C8201616D820C110630AD6386D8483BF6810F8DEB44AC12F0A139C00930'),
    ('simulator', 12, 'b:12:1', 'b:12', 'b', 12, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123012, 0, 0, 12000007, 8181699999988, 4, X'9F48B1129BDBEB85F26CD778A25B00AE320EFD351C93E120FE826DA3B7B00B30'),
    ('simulator', 13, 'a:13:1', 'a:13', 'a', 13, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123013, 10000000000, 18182000000, 0, 8181699999987, 9, X'5B08BFA0FC8F54F2C63B4516D8E0A03A7916F376C2BBEAC91BB11788FF0DB08F'),
    ('simulator', 14, 'a:14:1', 'a:14', 'a', 14, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123014, 0, 0, 14000007, 8181699999986, 10, X'C1EFA0E80D0EEDEADA0EA09A02636874007E47F8CF238E9C969161EEC7FAB59C'),
    ('simulator', 15, 'b:15:1', 'b:15', 'b', 15, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123015, 10000000000, 18182000000, 0, 8181699999985, 5, X'38DA94019CD1F3A13515E81BBEF02D7484ADDC6EE549F7A07C014270DF92D8A6'),
    ('simulator', 16, 'a:16:1', 'a:16', 'a', 16, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123016, 0, 0, 16000007, 8181699999984, 11, X'114E290835180F33157DE45EF254EACAC4A82C7D29CE265D2DF20F41A2B3A30C'),
    ('simulator', 17, 'a:17:1', 'a:17', 'a', 17, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123017, 10000000000, 18182000000, 0, 8181699999983, 12, X'50159267223FBC787C6E53B705DED7E5082F9886D99C04AFF8E0A5E3D84D965C'),
    ('simulator', 18, 'b:18:1', 'b:18', 'b', 18, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123018, 0, 0, 18000007, 8181699999982, 6, X'B44DE382FEF727D5E6C9FC2BA400E1B643A27E943CE76373C96E9B923F24EAF6'),
    ('simulator', 19, 'a:19:1', 'a:19', 'a', 19, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123019, 10000000000, 18182000000, 0, 8181699999981, 13, X'2177875F850D8E30A5EEA9639789FD9D00AD007C065A579190D9C01C3E4C5013'),
    ('simulator', 20, 'a:20:1', 'a:20', 'a', 20, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123020, 0, 0, 20000007, 8181699999980, 14, X'099F9EEAACBE51A4F02FA26D04FC83FB2501BB48F341642B6DB65CC6C8761074'),
    ('simulator', 21, 'b:21:1', 'b:21', 'b', 21, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123021, 10000000000, 18182000000, 0, 8181699999979, 7, X'0F725BF094B47DB2B1984D4A05EFC0B66CA4E588016E6A039B85613769EF8A5A'),
    ('simulator', 22, 'a:22:1', 'a:22', 'a', 22, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123022, 0, 0, 22000007, 8181699999978, 15, X'727B9956EAE89D3F68007ACF137A3F293AA54030486A48BC9775549869D7BBBB'),
    ('simulator', 23, 'a:23:1', 'a:23', 'a', 23, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123023, 10000000000, 18182000000, 0, 8181699999977, 16, X'ACA8546F7C7F589AF86AC820F544ABD8F3CBF2AC7D1423733291123F525643D2'),
    ('simulator', 24, 'b:24:1', 'b:24', 'b', 24, 'close', 'IBM', 'sell', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'maker', 1381239000123024, 0, 0, 24000007, 8181699999976, 8, X'42971034BAF282AD90C8262E825022DF765522D095C8C6F0A772F1EDE2D1E9C8'),
    ('simulator', 25, 'a:25:1', 'a:25', 'a', 25, 'open', 'IBM', 'buy', 10000000000, 18182000000, 18180000000, 2000000, 100000000, 'taker', 1381239000123025, 10000000000, 18182000000, 0, 8181699999975, 17, X'1E83A8D4534B2D9734773FB45643F8FAA8209B2783767D816AA16097A08FCCD9');
INSERT INTO chain_heads (strategy_id, number, chain) VALUES
    ('a', 17, X'1E83A8D4534B2D9734773FB45643F8FAA8209B2783767D816AA16097A08FCCD9'),
    ('b', 8, X'42971034BAF282AD90C8262E825022DF765522D095C8C6F0A772F1EDE2D1E9C8');
INSERT INTO checkpoints (source, epoch, seq, seal) VALUES
    ('simulator', 'k3v9q2', 25, X'5C364F3181F3599A');
INSERT INTO positions (strategy_id, symbol, position_e8, average_price_e8, realized_pnl_e8, fees_e8, trades, strategy_seq, timestamp_us) VALUES
    ('a', 'IBM', 10000000000, 18182000000, 96000056, 1700000000, 17, 25, 1381239000123025),
    ('b', 'IBM', 0, 0, 60000028, 800000000, 8, 24, 1381239000123024);
INSERT INTO performance (strategy_id, trades, timestamp_us, realized_pnl_e8, fees_e8, total_return, win_rate, maximum_drawdown, state, seal) VALUES
    ('a', 9, 1000000, 300000000, 200000000, 0.25, NULL, 0.1, X'0001FF', X'57498911CBF6DC3A');
INSERT INTO dead_letters (reason, sentence, stage, byte_offset, source, seq, topic, original, sha256, first_seen_us, last_seen_us, count, attempts, program_version, state, edited, trade_id, strategy_id, strategy_seq) VALUES
    ('schema_violation', 'no value at byte 3', 'book', 3, 'simulator', 0, 'trade/a/IBM/', X'7B2261223A', X'FFB38B22EE3E0CA90325EBCE953A9846990F292FAF44C50498771602E31CB61F', 1766658600000000, 1766658600000005, 2, 0, '0.1.0', 'open', NULL, NULL, NULL, NULL),
    ('conflicting_duplicate', 'no value at byte 3', 'book', 3, 'simulator', 0, 'trade/a/IBM/', X'7B2262223A317D', X'EB8ED3CCB5023093B56F490A46501E88D09736687E609FDBC1C71B3DF8B9CCD3', 1766658600000000, 1766658600000005, 2, 0, '0.1.0', 'open', X'7B2262223A327D', 'a:1:1', 'a', 1),
    ('sequence_conflict', 'no value at byte 3', 'book', 3, 'simulator', 0, 'trade/a/IBM/', X'7B2263223A317D', X'A1DD48C657971696C2087F2A6BEB489EE65B25320B763222F10718DD93E9149E', 1766658600000000, 1766658600000005, 2, 0, '0.1.0', 'open', NULL, 'a:x:1', 'a', 2);
INSERT INTO strategies (id, plugin, symbols, parameters, simulation, desired_state, owner, fence, lease_expires_us, start_seq, state, reason, event, lag) VALUES
    ('s', 'sma-crossover', 'IBM+AAPL', '{"fast":10}', '{"cash":100000}', 'running', 'r1', 7, 1, 3, 'failed', 'why', 40, 2);
INSERT INTO equity_marks (strategy_id, number, strategy_seq, timestamp_us, equity_e8, cash_e8, currency, periods_per_year, positions) VALUES
    ('a', 1, 0, 1381239000123001, 10000000000001, 10000000000000, 'USD', 252, '[]'),
    ('a', 2, 1, 1381239000123002, 10000000000002, 10000000000000, 'USD', 252, '[]');
INSERT INTO performance_days (strategy_id, symbol, day, equity_e8, figures) VALUES
    ('a', '', 15986, 10000000000000, X'07'),
    ('a', 'IBM', 15986, 100000000, X'08');
INSERT INTO dead_letter_history (letter, at_us, actor, action, why, content) VALUES
    (2, 1766658600000006, 'ann', 'edited', 'price', X'7B2262223A327D');
INSERT INTO outside_strategies (strategy_id, source, first_seen_us) VALUES
    ('bot.s', 'bot', 1766658600000000);
INSERT INTO attempts (sha256, begun) VALUES
    (X'2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881', 2);
INSERT INTO runners (name, expires_us) VALUES
    ('r1', 1);

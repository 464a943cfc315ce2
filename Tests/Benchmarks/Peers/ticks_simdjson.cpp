// The tick event of the contract through simdjson (on-demand) and std::to_chars: what our codec is held
// against, on the same bytes.
//
//     g++ -O3 -march=native -std=c++17 -o ticks_simdjson ticks_simdjson.cpp -lsimdjson -ldl
//     ticks_simdjson FOLDER REPEATS
//
// FOLDER is what `benchmarks messages` makes. Like ours: amounts exact, in whole units of 1e-8; times in
// microseconds; keys in any order; text kept. Unlike ours: duplicate, missing and too many keys, the form of
// numbers and names are not checked.
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace simdjson;

struct Tick {
    uint64_t version = 0, seq = 0, prev = 0;
    int64_t published = 0, timestamp = 0, bid = 0, ask = 0, bid_size = 0, ask_size = 0, price = 0, size = 0;
    std::string type, source, epoch, symbol, kind, exchange, conditions;
};

// The digits of a number as whole units of 10^-decimals.
static int64_t units(std::string_view text, int decimals)
{
    bool negative = !text.empty() && text[0] == '-';
    int64_t value = 0;
    int seen = -1;
    for (size_t i = negative; i < text.size(); i++) {
        char c = text[i];
        if (c == '.') {
            seen = 0;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        value = value * 10 + (c - '0');
        if (seen >= 0)
            seen++;
    }
    for (int k = std::max(seen, 0); k < decimals; k++)
        value *= 10;
    return negative ? -value : value;
}

static void text(ondemand::value &value, std::string &out)
{
    std::string_view found = value.get_string();
    out.assign(found);
}

static void decode_any(ondemand::parser &parser, padded_string_view message, Tick &tick)
{
    ondemand::document document = parser.iterate(message);
    for (auto field : document.get_object()) {
        std::string_view key = field.unescaped_key();
        ondemand::value value = field.value();
        if (key == "seq") tick.seq = value.get_uint64();
        else if (key == "prev") tick.prev = value.get_uint64();
        else if (key == "bid") tick.bid = units(value.raw_json_token(), 8);
        else if (key == "ask") tick.ask = units(value.raw_json_token(), 8);
        else if (key == "bid_size") tick.bid_size = units(value.raw_json_token(), 8);
        else if (key == "ask_size") tick.ask_size = units(value.raw_json_token(), 8);
        else if (key == "timestamp") tick.timestamp = units(value.raw_json_token(), 6);
        else if (key == "published_at") tick.published = units(value.raw_json_token(), 6);
        else if (key == "symbol") text(value, tick.symbol);
        else if (key == "kind") text(value, tick.kind);
        else if (key == "type") text(value, tick.type);
        else if (key == "source") text(value, tick.source);
        else if (key == "epoch") text(value, tick.epoch);
        else if (key == "version") tick.version = value.get_uint64();
        else if (key == "price") tick.price = units(value.raw_json_token(), 8);
        else if (key == "size") tick.size = units(value.raw_json_token(), 8);
        else if (key == "exchange") text(value, tick.exchange);
        else if (key == "conditions") text(value, tick.conditions);
    }
}

// The fastest use of the library: every field looked for where it stands. Works for this one order only.
static void decode_in_order(ondemand::parser &parser, padded_string_view message, Tick &tick)
{
    ondemand::document document = parser.iterate(message);
    ondemand::object object = document.get_object();
    ondemand::value value;
    value = object.find_field("type"); text(value, tick.type);
    tick.version = object.find_field("version").get_uint64();
    value = object.find_field("source"); text(value, tick.source);
    value = object.find_field("epoch"); text(value, tick.epoch);
    tick.seq = object.find_field("seq").get_uint64();
    tick.prev = object.find_field("prev").get_uint64();
    value = object.find_field("published_at"); tick.published = units(value.raw_json_token(), 6);
    value = object.find_field("symbol"); text(value, tick.symbol);
    value = object.find_field("timestamp"); tick.timestamp = units(value.raw_json_token(), 6);
    value = object.find_field("kind"); text(value, tick.kind);
    value = object.find_field("bid"); tick.bid = units(value.raw_json_token(), 8);
    value = object.find_field("ask"); tick.ask = units(value.raw_json_token(), 8);
    value = object.find_field("bid_size"); tick.bid_size = units(value.raw_json_token(), 8);
    value = object.find_field("ask_size"); tick.ask_size = units(value.raw_json_token(), 8);
}

struct Writer {
    char *place;
    void text(std::string_view x) { memcpy(place, x.data(), x.size()); place += x.size(); }
    void quoted(std::string_view x) { *place++ = '"'; text(x); *place++ = '"'; }
    void whole(int64_t x) { place = std::to_chars(place, place + 24, x).ptr; }
    void amount(int64_t x)
    {
        if (x < 0) { *place++ = '-'; x = -x; }
        whole(x / 100000000);
        int64_t rest = x % 100000000;
        if (rest == 0) return;
        *place++ = '.';
        char digits[8];
        for (int k = 7; k >= 0; k--) { digits[k] = '0' + rest % 10; rest /= 10; }
        int count = 8;
        while (digits[count - 1] == '0') count--;
        memcpy(place, digits, count);
        place += count;
    }
    void time(int64_t x)
    {
        whole(x / 1000000);
        *place++ = '.';
        int64_t rest = x % 1000000;
        for (int k = 5; k >= 0; k--) { place[k] = '0' + rest % 10; rest /= 10; }
        place += 6;
    }
};

static size_t encode(char *out, const Tick &tick)
{
    Writer w{out};
    w.text("{\"type\":"); w.quoted(tick.type);
    w.text(",\"version\":"); w.whole(int64_t(tick.version));
    w.text(",\"source\":"); w.quoted(tick.source);
    w.text(",\"epoch\":"); w.quoted(tick.epoch);
    w.text(",\"seq\":"); w.whole(int64_t(tick.seq));
    w.text(",\"prev\":"); w.whole(int64_t(tick.prev));
    w.text(",\"published_at\":"); w.time(tick.published);
    w.text(",\"symbol\":"); w.quoted(tick.symbol);
    w.text(",\"timestamp\":"); w.time(tick.timestamp);
    w.text(",\"kind\":"); w.quoted(tick.kind);
    w.text(",\"bid\":"); w.amount(tick.bid);
    w.text(",\"ask\":"); w.amount(tick.ask);
    w.text(",\"bid_size\":"); w.amount(tick.bid_size);
    w.text(",\"ask_size\":"); w.amount(tick.ask_size);
    w.text("}");
    return size_t(w.place - out);
}

static long (*allocations)(void);

template <class Body> static void measure(const char *name, size_t count, int repeats, Body body)
{
    using clock = std::chrono::steady_clock;
    const int rounds = 100;
    std::vector<double> times;
    times.reserve(size_t(repeats));
    long made = 0;
    for (int i = 0; i <= repeats; i++) {
        long before = allocations ? allocations() : 0;
        auto start = clock::now();
        for (int k = 0; k < rounds; k++) body();
        double ns = std::chrono::duration<double, std::nano>(clock::now() - start).count();
        made = allocations ? allocations() - before : 0;
        if (i > 0) times.push_back(ns / double(rounds * count));
    }
    std::sort(times.begin(), times.end());
    printf("{\"bench\":\"%s\",\"ns\":%.2f,\"ns_min\":%.2f,\"ns_max\":%.2f", name, times[times.size() / 2],
           times.front(), times.back());
    if (allocations) printf(",\"allocations\":%.4f", double(made) / double(rounds * count));
    printf("}\n");
}

static std::vector<padded_string> read(const std::string &path)
{
    std::ifstream file(path);
    std::vector<padded_string> messages;
    std::string line;
    while (std::getline(file, line)) messages.emplace_back(line);
    return messages;
}

int main(int count, char **arguments)
{
    if (count < 3) return 2;
    allocations = (long (*)(void))dlsym(RTLD_DEFAULT, "mcount_get");
    std::string folder = arguments[1];
    int repeats = atoi(arguments[2]);
    auto ordered = read(folder + "/ticks.ndjson"), shuffled = read(folder + "/shuffled.ndjson");
    if (ordered.empty() || ordered.size() != shuffled.size()) return 1;
    ondemand::parser parser;
    std::vector<Tick> ticks(ordered.size());
    char out[4096];
    for (size_t i = 0; i < ordered.size(); i++) {
        decode_any(parser, shuffled[i], ticks[i]);
        size_t length = encode(out, ticks[i]);
        if (std::string_view(out, length) != std::string_view(ordered[i].data(), ordered[i].size())) {
            fprintf(stderr, "message %zu is not read and written as it stands\n", i + 1);
            return 1;
        }
    }
    Tick tick;
    volatile uint64_t sum = 0;
    measure("decode, keys in order", ordered.size(), repeats, [&] {
        for (auto &message : ordered) { decode_any(parser, message, tick); sum = sum + tick.seq; }
    });
    measure("decode, keys in any order", shuffled.size(), repeats, [&] {
        for (auto &message : shuffled) { decode_any(parser, message, tick); sum = sum + tick.seq; }
    });
    measure("decode, this order only", ordered.size(), repeats, [&] {
        for (auto &message : ordered) { decode_in_order(parser, message, tick); sum = sum + tick.seq; }
    });
    measure("encode", ticks.size(), repeats, [&] {
        for (auto &known : ticks) sum = sum + encode(out, known);
    });
}

/* Scripts: what they see and put, what they may not, and that they are stopped. */
#include "own.h"
#include "strategies/own/lua_api.h"

static int need_lua(void **state) {
    (void)state;
    return lua_api_load() < 0 ? -1 : 0;
}

/* ---- what stops a script ------------------------------------------------------------------------------------- */

struct wrong {
    const char *text, *says;
};

/* Inside of on_bar at the first bar. */
static void what_on_bar_may_not_is_stopped_at_its_line(void **state) {
    (void)state;
    static const struct wrong cases[] = {
        /* no end, no bound */
        {"while true do end", "stopped after 100000 steps"},
        {"local function f() return 1 + f() end f()", "stopped after"},
        {"local function f() f() end f()", "stopped after"},
        {"local t = {} for i = 1, 1e9 do t[i] = {i} end", "stopped"},
        {"local s = 'x' while true do s = s .. s end", "a text of more than 64 KB"},
        {"local t = {} local s = 'x' for i = 1, 1e9 do s = s .. 'y' t[i] = s end", "stopped"},
        {"for i = 1, 1e9 do local t = {i, i, i, i} end", "stopped"},
        {"local t = {} for i = 1, 1e5 do t[i] = i end while true do for k in pairs(t) do break end end",
         "stopped after"},
        {"table.concat({}, '', 1, 1e9)", "stopped"},
        {"table.unpack({}, 1, 1e9)", "more than 200"},
        {"table.unpack({}, -1e300, 1e300)", "more than 200"},
        {"history.mean(0)", "from 1 on"},
        {"while true do history.mean(history and bar.index) end", "stopped after"},
        {"goto a ::b:: goto b ::a:: goto b", "stopped after"},
        {"repeat until false", "stopped after"},
        /* ways out */
        {"string.rep('x', 1e9)", "nil value (global 'string')"},
        {"local x = ('x'):rep(1e9)", "index a string value"},
        {"local x = ('x').dump", "index a string value"},
        {"string.dump(on_bar)", "nil value (global 'string')"},
        {"string.find(('a'), '(.-)*b')", "nil value (global 'string')"},
        {"load('return 1')()", "nil value (global 'load')"},
        {"loadstring('return 1')()", "nil value (global 'loadstring')"},
        {"dofile('/etc/passwd')", "nil value (global 'dofile')"},
        {"require('os')", "nil value (global 'require')"},
        {"package.loadlib('x', 'y')", "nil value (global 'package')"},
        {"io.open('/etc/passwd')", "nil value (global 'io')"},
        {"os.execute('id')", "nil value (global 'os')"},
        {"os.clock()", "nil value (global 'os')"},
        {"debug.sethook()", "nil value (global 'debug')"},
        {"collectgarbage('count')", "nil value (global 'collectgarbage')"},
        {"coroutine.wrap(function() end)()", "nil value (global 'coroutine')"},
        {"pcall(error)", "nil value (global 'pcall')"},
        {"xpcall(error, error)", "nil value (global 'xpcall')"},
        {"setmetatable({}, {__gc = error})", "nil value (global 'setmetatable')"},
        {"getmetatable('x')", "nil value (global 'getmetatable')"},
        {"rawset(_G, 'x', 1)", "nil value (global 'rawset')"},
        {"next({})", "nil value (global 'next')"},
        {"warn('x')", "nil value (global 'warn')"},
        {"print('x')", "nil value (global 'print')"},
        {"math.randomseed(1)", "nil value (field 'randomseed')"},
        {"utf8.char(1)", "nil value (global 'utf8')"},
        /* addresses and orders of tables */
        {"local x = tostring({})", "table has no text"},
        {"local x = tostring(on_bar)", "function has no text"},
        {"for k in pairs({[{}] = 1}) do end", "which have no order"},
        {"local x = 'a' .. {}", "concatenate a table"},
        {"table.sort({2, 'a', 1})", "compare"},
        {"table.insert(nil, 1)", "a table is wanted, not nil"},
        {"table.insert({}, 7, 1)", "no such place"},
        /* mistakes and nonsense */
        {"error('my own')", "my own"},
        {"error({})", "a table, not with a text"},
        {"error()", "a nil, not with a text"},
        {"assert(false)", "assertion failed"},
        {"assert(1 > 2, 'no')", "no"},
        {"return 1", "returned a number"},
        {"return {}", "returned a table"},
        {"local x = bar.close.x", "index a number value"},
        {"nothing()", "nil value (global 'nothing')"},
        {"if score.p_long > 1 then end", "nil value (local 'score')"},
        {"orders.buy(7)", "not number"},
        {"orders.buy{sise = 1}", "did you mean \"size\""},
        {"orders.buy{size = 1, zzz = 2, yyy = 3}", "no \"yyy\""},
        {"orders.buy{1}", "by names"},
        {"orders.buy{size = '1'}", "a number is wanted"},
        {"orders.buy{size = -1}", "size -1"},
        {"orders.buy{size = 0/0}", "not a finite number"},
        {"orders.buy{size = 1/0}", "not a finite number"},
        {"orders.buy{kind = 'magic'}", "must be one of market, limit"},
        {"orders.buy{kind = 'close'}", "must be one of market, limit"},
        {"orders.buy{kind = 'limit'}", "limit price 0"},
        {"orders.buy{kind = 'stop', stop_price = -3}", "stop price -3"},
        {"orders.buy{kind = 'trailing'}", "trailing"},
        {"orders.buy{time_in_force = 'ever'}", "gtc, day, ioc, bars"},
        {"orders.buy{time_in_force = 'bars'}", "good for 0 bars"},
        {"orders.buy{good_bars = 1.5}", "whole number"},
        {"orders.buy{reduce_only = 1}", "true or false"},
        {"orders.buy{symbol = 'ABC'}", "no symbol \"ABC\""},
        {"orders.buy{symbol = 1}", "symbol's name"},
        {"orders.buy{stop = -1}", "stop -1"},
        {"orders.replace(7, {})", "no order 7"},
        {"orders.get('a')", "a number is wanted"},
        {"orders.cancel()", "a number is wanted"},
        {"history.close(-1)", "from 0 on"},
        {"history.close('a')", "from 0 on"},
        {"history.close(1.5)", "from 0 on"},
        {"parameter('a', 1)", "script's own level"},
        {"feature('rsi(14)')", "script's own level"},
        {"use_scores()", "script's own level"},
    };
    struct gw_market market;
    own_market(&market, 1, 40);
    assert_true(COUNT_OF(cases) >= 60);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct program *program = NULL;
        struct gw_replay_result r;
        char text[400];
        snprintf(text, sizeof text, "-- one\nfunction on_bar(bar, history, score, position, orders)\n  %s\nend\n",
                 cases[i].text);
        if (own_read(text, &program) < 0) fail_msg("%s: %s", cases[i].text, gw_error_message());
        const int rc = own_replay(program, &market, &r);
        const char *said = gw_error_message();
        const bool whole = strncmp(cases[i].text, "return", 6) == 0 || strstr(cases[i].says, "not with a text");
        if (rc != GW_ERR_CONFIG || !strstr(said, cases[i].says) ||
            strncmp(said, whole ? "t.lua: " : "t.lua:3: ", whole ? 7 : 9) != 0 ||
            !strstr(said, "(SYM0, at the close of 1970-01-01T16:41:00Z)") || strchr(said, '\n'))
            fail_msg("%s: %d \"%s\", want \"%s\"", cases[i].text, rc, rc < 0 ? said : "", cases[i].says);
        program_free(program);
    }
    fixture_free(&market);
}

static void what_a_script_may_not_be_is_refused(void **state) {
    (void)state;
    static const struct wrong cases[] = {
        {"", "no function on_bar"},
        {"on_bar = 7", "no function on_bar"},
        {"x = = 1", "t.lua:1: unexpected symbol"},
        {"function on_bar(", "t.lua:1:"},
        {"\n\nfunction on_bar() end end", "t.lua:3:"},
        {"while true do end", "t.lua:1: stopped after"},
        {"return 1", "returned a number"},
        {"\x1bLuaT", "compiled code"},
        {"local x = random()", "random() is for on_bar"},
        {"parameter('a', 1) parameter('a', 2)", "declared twice"},
        {"parameter('a', 5, 10, 20)", "must lie between 10 and 20"},
        {"parameter('a b', 5)", "letters"},
        {"parameter(7, 5)", "a text is wanted"},
        {"parameter('a', 'b')", "a number is wanted"},
        {"feature('rsii(14)')", "did you mean \"rsi\""},
        {"feature(14)", "a text is wanted"},
        {"local f = feature('rsi(14)') f()", "value in on_bar"},
        {"local a = {} a.b.c = 1", "t.lua:1: attempt to index a nil value"},
        {"for i = 1, 40 do parameter('p' .. i, i) end", "more than 32 parameters"},
        {"for i = 2, 90 do feature('rsi(' .. i .. ')') end", "more than 64 features"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct program *program = NULL;
        if (own_read(cases[i].text, &program) != GW_ERR_CONFIG || !strstr(gw_error_message(), cases[i].says) ||
            strncmp(gw_error_message(), "t.lua:", 6) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", cases[i].text, gw_error_message(), cases[i].says);
    }
    /* Brackets and functions inside one another: Lua's own limits say where. */
    static char deep[30000];
    memset(deep, '(', sizeof deep - 1);
    struct program *program = NULL;
    assert_fails(own_read(deep, &program), GW_ERR_CONFIG, "t.lua: C stack overflow");
}

/* ---- what a script sees ------------------------------------------------------------------------------------------- */

static void run_fine(const char *text, const struct gw_market *market, struct gw_replay_result *r) {
    struct program *program = NULL;
    if (own_read(text, &program) < 0) fail_msg("%s", gw_error_message());
    if (own_replay(program, market, r) < 0) fail_msg("%s", gw_error_message());
    program_free(program);
}

static void history_ends_at_now(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_replay_result r;
    own_market(&market, 2, 60);
    run_fine("local seen = {}\n"
             "function on_bar(bar, history, score, position, orders)\n"
             "  assert(score == nil)\n"
             "  local mine = seen[bar.symbol] or {}\n"
             "  seen[bar.symbol] = mine\n"
             "  mine[#mine + 1] = {bar.open, bar.high, bar.low, bar.close, bar.volume, bar.time}\n"
             "  assert(bar.index == #mine)\n"
             "  local high, sum = 0, 0\n"
             "  for ago = 0, #mine - 1 do\n"
             "    local then_ = mine[#mine - ago]\n"
             "    assert(history.open(ago) == then_[1] and history.high(ago) == then_[2])\n"
             "    assert(history.low(ago) == then_[3] and history.close(ago) == then_[4])\n"
             "    assert(history.volume(ago) == then_[5] and history.time(ago) == then_[6])\n"
             "    high = math.max(high, then_[2])\n"
             "  end\n"
             "  for i = 1, #mine do sum = sum + mine[i][4] end\n"
             "  assert(history.close(#mine) == nil and history.mean(#mine + 1) == nil)\n"
             "  assert(history.highest(#mine) == high and history.mean(#mine) == sum / #mine)\n"
             "  assert(history.lowest(1) == bar.low and history.close() == bar.close)\n"
             "end\n",
             &market, &r);
    assert_int_equal(r.n_events, 120);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* What a script does not name need not be set, but whatever way it comes to a name, the value is that of this bar. */
static void names_made_of_pieces_are_there(void **state) {
    (void)state;
    static const char *const text[] = {
        "function on_bar(bar, history) local n = 0\n"
        "  for k, v in pairs(bar) do if k == 'low' then assert(v == history.low()) end n = n + 1 end\n"
        "  assert(n == 9, n) end\n",
        "function on_bar(bar, history) assert(bar['lo' .. 'w'] == history.low()) end\n",
        "function on_bar(bar, history) assert(bar['\\108ow'] == history.low()) end\n",
        "function on_bar(bar, history) local k = table.concat({'l', 'o', 'w'}) assert(bar[k] == history.low()) end\n",
        "local function get(t, k) return t[k] end\n"
        "function on_bar(bar, history) assert(get(bar, 'low') == history.low()) assert(bar.close == history.close()) "
        "end\n",
        "function on_bar(bar, history, score, position) local n = 0\n"
        "  for k in pairs(position) do n = n + 1 end assert(n == 4, n) end\n",
    };
    struct gw_market market;
    struct gw_replay_result r;
    own_market(&market, 2, 30);
    for (size_t i = 0; i < COUNT_OF(text); i++) {
        run_fine(text[i], &market, &r);
        gw_replay_result_free(&r);
    }
    fixture_free(&market);
}

static void features_are_the_models(void **state) {
    (void)state;
    enum { N = 300 };
    struct gw_market market;
    struct gw_replay_result r;
    struct gw_feature_matrix matrix;
    struct program *program = NULL;
    own_market(&market, 1, N);
    assert_ok(own_read("local n = parameter('n', 7, 2, 50, 'length')\n"
                       "local rsi, slow = feature('rsi(' .. n .. ')'), feature('ma_gap(5)@15m')\n"
                       "function on_bar(bar, history, score, position, orders)\n"
                       "  if rsi() < 40 and slow() < 0.01 and position.quantity == 0 and not position.pending then\n"
                       "    orders.buy{size = 1}\n"
                       "  elseif rsi() > 60 and position.quantity > 0 then orders.close() end\n"
                       "end\n",
                       &program));
    assert_ok(gw_feature_set_build(program->set, &market.symbol[0], &matrix));
    assert_ok(own_replay(program, &market, &r));
    size_t k = 0;
    for (size_t t = 0; t < N && k < own_orders(&r); t++) {
        const bool held = k % 2 == 1;
        const float *row = matrix.value + t * 2;
        if (!(held ? row[0] > 60 : row[0] < 40 && (double)row[1] < 0.01)) continue;
        assert_int_equal(r.order[k++].put_ns, gw_bar_close_ns(&market.symbol[0], t));
    }
    assert_true(k == own_orders(&r) && k > 10);
    gw_replay_result_free(&r);
    gw_feature_matrix_free(&matrix);
    program_free(program);
    fixture_free(&market);
}

/* A script that does what a built-in strategy does leaves the same bytes. */
static void a_script_of_sma_cross_is_sma_cross(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_replay_result ours, theirs;
    struct gw_replay_config config;
    struct gw_strategy_config trading;
    own_market(&market, 2, 3000);
    run_fine("local last = {}\n"
             "function on_bar(bar, history, score, position, orders)\n"
             "  local fast, slow = history.mean(7), history.mean(19)\n"
             "  if not slow then return end\n"
             "  local side = fast > slow and 1 or -1\n"
             "  local before = last[bar.symbol]\n"
             "  last[bar.symbol] = side\n"
             "  if not before or side == before then return end\n"
             "  if position.quantity * side < 0 or position.pending then orders.close() end\n"
             "  if side > 0 then orders.buy{size = 0.5} else orders.sell{size = 0.5} end\n"
             "end\n",
             &market, &ours);
    fixture_config(&config, &trading);
    config.costs.taker_bps = 5;
    trading.size = .5;
    const struct gw_strategy_desc *cross = gw_strategy_find("sma_cross");
    trading.strategy = gw_strategy_row(cross);
    assert_ok(gw_strategy_config_set(&trading, "fast", "7"));
    assert_ok(gw_strategy_config_set(&trading, "slow", "19"));
    assert_ok(gw_replay_run(&market, &config, cross, &trading, NULL, NULL, &theirs));
    assert_true(theirs.n_trades > 100);
    own_same(&ours, &theirs);
    gw_replay_result_free(&ours);
    gw_replay_result_free(&theirs);
    fixture_free(&market);
}

/* ---- orders ----------------------------------------------------------------------------------------------------------- */

/* All kinds and times in force, exits, an OCO pair, cancel, replace, another symbol. */
static void every_order_is_reached(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_replay_result r;
    own_market(&market, 2, 400);
    run_fine(
        "local limit\n"
        "function on_bar(bar, history, score, position, orders)\n"
        "  if bar.symbol ~= 'SYM0' then return end\n"
        "  local i, c = bar.index % 20, bar.close\n"
        "  if i == 1 then limit = orders.buy{kind = 'limit', limit_price = c * 0.9, size = 0.1} end\n"
        "  if i == 2 then assert(orders.get(limit).state == 'waiting')\n"
        "    limit = orders.replace(limit, {limit_price = c * 0.95}) end\n"
        "  if i == 3 then assert(orders.cancel(limit)) assert(orders.get(limit).state == 'cancelled') end\n"
        "  if i == 4 then assert(not orders.cancel(limit))\n"
        "    orders.buy{kind = 'stop', stop_price = c * 1.0001, quantity = 3, time_in_force = 'bars', good_bars = 2,\n"
        "      stop = 0.05, target = 0.05, trail_stop_distance = c * 0.04, max_bars = 5} end\n"
        "  if i == 12 and position.quantity == 0 then orders.sell{notional = 1000, time_in_force = 'ioc', trail_stop = "
        "0.03} end\n"
        "  if i == 14 and position.quantity < 0 then\n"
        "    local a = orders.buy{kind = 'limit', limit_price = c * 0.97, reduce_only = true, time_in_force = 'day'}\n"
        "    orders.buy{kind = 'stop_limit', stop_price = c * 1.02, limit_price = c * 1.03, reduce_only = true, oco = "
        "a}\n"
        "    orders.buy{kind = 'trailing', trail = 0.05, reduce_only = true} end\n"
        "  if i == 18 then orders.close() end\n"
        "  if i == 19 then orders.buy{symbol = 'SYM1', size = 0.2, max_bars = 3, probability = 0.75} end\n"
        "end\n",
        &market, &r);
    size_t kind[6] = {0}, other = 0, reason[GW_N_REASONS] = {0}, exits[GW_N_EXITS] = {0};
    for (size_t k = 0; k < r.n_records; k++) {
        kind[r.order[k].kind]++;
        reason[r.order[k].reason]++;
        other += r.order[k].symbol == 1;
    }
    for (size_t t = 0; t < r.n_trades; t++) {
        exits[r.trade[t].reason]++;
        if (r.trade[t].symbol == 1) assert_near((double)r.trade[t].probability, .75, 1e-7, 1);
    }
    for (size_t k = 0; k < 6; k++) assert_true(kind[k] > 3);
    assert_true(other > 10 && reason[GW_REASON_ASKED] > 10 && reason[GW_REASON_REPLACED] > 10 &&
                reason[GW_REASON_OCO] > 3);
    assert_true(exits[GW_EXIT_TIME] > 10 && exits[GW_EXIT_SIGNAL] > 2);
    gw_replay_result_free(&r);
    fixture_free(&market);
}

/* ---- determinism -------------------------------------------------------------------------------------------------------- */

static void nothing_depends_on_addresses_or_seeds(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_replay_result a, b;
    own_market(&market, 2, 300);
    static const char good[] =
        "function on_bar(bar, history, score, position, orders)\n"
        "  local t, list = {}, {}\n"
        "  for i = 1, 60 do t['key' .. (i * 7919 % 1009)] = i end\n"
        "  t[true], t[false], t[2.5], t[-3] = 1, 2, 3, 4\n"
        "  for k, v in pairs(t) do list[#list + 1] = {k, v} t[k] = nil end\n" /* taking away is allowed */
        "  assert(#list == 64 and list[1][1] == -3 and list[2][1] == 2.5 and list[63][1] == false and list[64][1] == "
        "true)\n"
        "  for i = 4, 62 do assert(list[i - 1][1] < list[i][1]) end\n"
        "  local s = {}\n"
        "  for i = 1, 150 do s[i] = {i % 3, i} end\n"
        "  table.sort(s, function(a, b) return a[1] < b[1] end)\n"
        "  for i = 2, 150 do assert(s[i - 1][1] < s[i][1] or s[i - 1][1] == s[i][1] and s[i - 1][2] < s[i][2]) end\n"
        "  if random() < 0.2 and position.quantity == 0 then\n"
        "    if math.random() < 0.5 then orders.buy{size = 0.1, max_bars = 3} else orders.sell{size = 0.1, max_bars = "
        "3} end\n"
        "  end\n"
        "end\n";
    run_fine(good, &market, &a);
    run_fine(good, &market, &b);
    assert_true(a.n_trades > 20);
    own_same(&a, &b);
    gw_replay_result_free(&b);
    /* Draws know their symbol and bar alone, not what was drawn before. */
    struct gw_replay_config config;
    struct gw_strategy_config trading;
    struct program *program = NULL;
    assert_ok(own_read(good, &program));
    fixture_config(&config, &trading);
    trading.program = program;
    trading.seed = 5;
    assert_ok(gw_replay_run(&market, &config, program->desc, &trading, NULL, NULL, &b));
    assert_true(b.n_records != a.n_records || memcmp(a.order, b.order, a.n_records * sizeof *a.order) != 0);
    gw_replay_result_free(&a);
    gw_replay_result_free(&b);
    program_free(program);
    fixture_free(&market);
}

/* ---- parameters ------------------------------------------------------------------------------------------------------------ */

static void parameters_take_what_is_given(void **state) {
    (void)state;
    static const char text[] = "local a = parameter('a', 3, 1, 9, 'whole')\n"
                               "local b = parameter('b', 0.5)\n"
                               "local c = parameter('c', false, 'a switch')\n"
                               "assert(a == 7 and math.type(a) == 'integer' and b == 2 and c == true)\n"
                               "function on_bar() end\n";
    struct given_param given[] = {
        {.name = "a", .value = 7}, {.name = "c", .value = 1, .is_bool = true}, {.name = "b", .value = 2}};
    const char *bad;
    struct program *program = NULL;
    assert_ok(program_of_script_text(text, sizeof text - 1, "t.lua", given, 3, &bad, &program));
    assert_int_equal(program->n_params, 3);
    assert_string_equal(program->param[0].help, "whole");
    const uint64_t hash = program->hash;
    program_free(program);
    static const struct {
        struct given_param given;
        const char *says;
    } wrong[] = {{{.name = "aa", .value = 1}, "declares no parameter \"aa\""},
                 {{.name = "a", .value = 77}, "must lie between 1 and 9"},
                 {{.name = "a", .value = 1.5}, "whole number"},
                 {{.name = "a", .value = 1, .is_bool = true}, "must be a number"},
                 {{.name = "c", .value = 1}, "true or false"}};
    static const char plain[] = "parameter('a', 3, 1, 9) parameter('c', false) function on_bar() end";
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct given_param one = wrong[i].given;
        assert_fails(program_of_script_text(plain, sizeof plain - 1, "t.lua", &one, 1, &bad, &program), GW_ERR_CONFIG,
                     wrong[i].says);
    }
    given[0].value = 7, given[2].value = 2;
    assert_ok(program_of_script_text(text, sizeof text - 1, "t.lua", given, 3, &bad, &program));
    assert_true(program->hash == hash);
    program_free(program);
    static const char other[] = "local a = parameter('a', 3, 1, 9, 'whole') function on_bar() end ";
    assert_ok(program_of_script_text(other, sizeof other - 1, "t.lua", NULL, 0, &bad, &program));
    const uint64_t first = program->hash;
    program_free(program);
    assert_ok(program_of_script_text(other, sizeof other - 2, "t.lua", NULL, 0, &bad, &program));
    assert_true(program->hash != first); /* every byte of it counts */
    program_free(program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_on_bar_may_not_is_stopped_at_its_line),
        cmocka_unit_test(what_a_script_may_not_be_is_refused),
        cmocka_unit_test(history_ends_at_now),
        cmocka_unit_test(names_made_of_pieces_are_there),
        cmocka_unit_test(features_are_the_models),
        cmocka_unit_test(a_script_of_sma_cross_is_sma_cross),
        cmocka_unit_test(every_order_is_reached),
        cmocka_unit_test(nothing_depends_on_addresses_or_seeds),
        cmocka_unit_test(parameters_take_what_is_given),
    };
    return cmocka_run_group_tests(tests, need_lua, NULL);
}

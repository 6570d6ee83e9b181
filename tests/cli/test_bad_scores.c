/* Malformed score files, case by case, against the real program: one line that points at the place and says what to do,
 * exit 3, nothing on stdout and nothing left behind. */
#include "refused.h"

#define T "2020-01-02T12:00:00Z" /* the close of a test bar of the first fold */
#define U "2020-01-02T12:15:00Z" /* and of the next */

struct bad_scores {
    const char *name, *text, *says[3]; /* text: of b.csv, '^' where the line must point to */
    const char *scores;                /* the JSON value; NULL: "b.csv" */
    const char *other;                 /* text of c.csv */
    const char *at;                    /* another file than b.csv that must be named */
    bool two_symbols;
    const void *bytes; /* instead of text, no mark */
    size_t n_bytes;
    const char *place; /* instead of a mark */
};

#define NPY(shape, dtype, data)                                                                                        \
    "\x93NUMPY\x01\x00\x76\x00{'descr': '" dtype "', 'fortran_order': False, 'shape': (" shape "), }" data

static const char latin[] = "time,p_long\n" T ",.5\n" U ",\xe9\n";
static const char nul[] = "time,p_long\n" T ",.\0005\n";
static const char zstd[] = "\x28\xb5\x2f\xfd----";
static const char gzip_cut[] = "\x1f\x8b\x08\0\0\0\0\0\0\3KL";

#define BAD(title, input) .name = title, .text = input
static const struct bad_scores cases[] = {
    /* names of columns */
    {BAD("empty", "^"), .says = {"is empty; scores were expected"}},
    {BAD("blank lines alone", "^\n\n\r\n"), .says = {"is empty"}},
    {BAD("names alone", "^time,p_long\n"), .says = {"holds no scores, only names of columns"}},
    {BAD("no time", "^p_long,p_short\n.5,.5\n"),
     .says = {"no column \"time\" (the bar's close) or \"open_time\"; add one"}},
    {BAD("timestamp", "^timestamp,p_long\n" T ",.5\n"), .says = {"call it time when it is the bar's close, open_time"}},
    {BAD("date", "p_long,^Date\n.5," T "\n"), .says = {"\"date\" does not say which time it is"}},
    {BAD("an index of pandas", "^,p_long\n" T ",.5\n"), .says = {"\"\" does not say which time it is"}},
    {BAD("two times", "time,open_time,p_long\n" T ",^" T ",.5\n"),
     .says = {"the open time does not lie one interval (", ") before the close time; leave one of them out"}},
    {BAD("time and close_time", "time,p_long,^close_time\n" T ",.5," T "\n"),
     .says = {"says what column 1 says already"}},
    {BAD("no scores", "^time,symbol\n" T ",RW\n"), .says = {"no scores: a column p_long, p_short or action is needed"}},
    {BAD("slip in p_long", "time,^p_lnog\n" T ",.5\n"),
     .says = {"unknown column \"p_lnog\"; did you mean \"p_long\"?"}},
    {BAD("slip in p_short", "time,p_long,^p_shrt\n" T ",.5,.5\n"),
     .says = {"did you mean \"p_short\"? Rename it, or leave it out"}},
    {BAD("slip in seed", "time,^sead,p_long\n" T ",1,.5\n"), .says = {"did you mean \"seed\"?"}},
    {BAD("slip in trained_until", "time,p_long,^trained_untill\n" T ",.5,2019\n"),
     .says = {"did you mean \"trained_until\"?"}},
    {BAD("slip in action", "time,^acton\n" T ",buy\n"), .says = {"did you mean \"action\"?"}},
    {BAD("p_long twice", "time,p_long,^p_long\n" T ",.5,.5\n"),
     .says = {"says what column 2 says already; leave one out"}},
    {BAD("a seed's column twice", "time,p_long_1,^p_long_01\n" T ",.5,.5\n"),
     .says = {"says what column 2 says already"}},
    {BAD("action beside p_long", "time,^action,p_long\n" T ",buy,.5\n"),
     .says = {"two answers to one question; leave one out"}},
    {BAD("confidence alone", "time,p_long,^confidence\n" T ",.5,1\n"),
     .says = {"\"confidence\" needs the column action"}},
    {BAD("seeds by column and name", "time,^seed,p_long_1\n" T ",1,.5\n"),
     .says = {"a column seed beside seeds in the columns'"}},
    {BAD("one column without a seed", "time,p_long_1,^p_long\n" T ",.5,.5\n"),
     .says = {"stands beside \"p_long_1\", which has one; give all of them a seed"}},
    {BAD("one column with a seed", "time,p_long,^p_long_1\n" T ",.5,.5\n"), .says = {"which has no seed; give"}},
    {BAD("seed in the file's name too", "time,^seed,p_long\n" T ",1,.5\n"), .says = {"one seed's by its name ({seed})"},
     .scores = "\"{seed}.csv\"", .at = "1.csv"},
    {BAD("symbol in the file's name too", "time,^symbol,p_long\n" T ",RW,.5\n"),
     .says = {"one symbol's by its name ({symbol})"}, .scores = "\"{symbol}.csv\"", .at = "RW.csv"},
    {BAD("symbol needed", "^time,p_long\n" T ",.5\n"), .says = {"no column \"symbol\", and the run has 2", "{symbol}"},
     .two_symbols = true},
    {BAD("strategy needed", "^time,p_long\n" T ",.5\n"),
     .says = {"no column \"strategy\", but scores.strategy asks for \"x\""},
     .scores = "{\"files\": \"b.csv\", \"strategy\": \"x\"}"},
    /* cells */
    {BAD("a cell too few", "time,p_long\n^" T "\n"), .says = {"the line has 1 cells, the header 2"}},
    {BAD("a cell too many", "time,p_long\n" T ",.5,^.4\n"), .says = {"the line has 3 cells, the header 2"}},
    {BAD("no number", "time,p_long\n" T ",^abc\n"),
     .says = {"\"abc\" is no number; a score is any finite number, or empty"}},
    {BAD("infinite", "time,p_long\n" T ",^inf\n"), .says = {"\"inf\" is infinite; a score is any finite number"}},
    {BAD("too large for a double", "time,p_long\n" T ",^1e999\n"), .says = {"too large"}},
    {BAD("too large for a float", "time,p_long\n" T ",^-1e39\n"),
     .says = {"beyond single precision, in which scores are kept"}},
    {BAD("percent", "time,p_long\n" T ",^50%\n"), .says = {"\"50%\""}},
    {BAD("decimal comma", "time;p_long\n" T ";^0,5\n"), .says = {"decimal comma"}},
    {BAD("hexadecimal", "time,p_long\n" T ",^0x1p-1\n"), .says = {"is hexadecimal"}},
    {BAD("an open quote", "time,p_long,why\n" T ",.5,^\"because\n"),
     .says = {"a quote is opened and not closed", "JSON lines"}},
    {BAD("tau is no number", "time,p_long,tau_long\n" T ",.5,^high\n"), .says = {"\"high\" is no number"}},
    /* times */
    {BAD("no time in a row", "time,p_long\n^,.5\n"), .says = {"the time \"\" is empty"}},
    {BAD("no date", "time,p_long\n^noon,.5\n"),
     .says = {"the time \"noon\" cannot be read: a date such as 2020-01-31"}},
    {BAD("month 13", "time,p_long\n^2020-13-01,.5\n"), .says = {"the month must lie in 1 to 12"}},
    {BAD("two ways of writing", "time,p_long\n" T ",.5\n^1577967300,.5\n"),
     .says = {"is in unix seconds, those above are dates with a zone; write all of them one way"}},
    {BAD("another year", "time,p_long\n^2021-01-02T12:00:00Z,.5\n"),
     .says = {"no bar closes at 2021-01-02T12:00:00Z", "the nearest one closes at 2020-01-04T03:00:00Z",
              "interval or zone"}},
    {BAD("between bars", "time,p_long\n^2020-01-02T12:07:00Z,.5\n2020-01-02T12:22:00Z,.5\n"),
     .says = {"no bar closes at 2020-01-02T12:07:00Z", "nearest one closes at 2020-01-02T12:0"}},
    {BAD("opens between bars", "open_time,p_long\n^2020-01-02T12:07:00Z,.5\n"),
     .says = {"no bar opens at 2020-01-02T12:07:00Z"}},
    {BAD("open times called time", "^time,p_long\n2020-01-01T00:00:00Z,.5\n" T ",.5\n"),
     .says = {"as close times these times fit 1 of the 150 test bars, as open times 1",
              "call the column \"open_time\""}},
    {BAD("no test bar", "^time,p_long\n2020-01-01T12:00:00Z,.5\n"),
     .says = {"of the 150 test bars, which close from 2020-01-02T11:15:00Z on",
              "none is scored; `gatewalk folds` lists"}},
    /* seeds */
    {BAD("seed is a word", "time,seed,p_long\n" T ",^one,.5\n"),
     .says = {"\"one\" is no seed; a whole number is needed"}},
    {BAD("half a seed", "time,seed,p_long\n" T ",^1.5,.5\n"), .says = {"\"1.5\" is no seed"}},
    {BAD("negative seed", "time,seed,p_long\n" T ",^-1,.5\n"), .says = {"\"-1\" is no seed"}},
    {BAD("no seed in a row", "time,seed,p_long\n" T ",1,.5\n" U ",^,.5\n"),
     .says = {"the seed is empty; give every row one"}},
    {BAD("a seed is missing", "^time,seed,p_long\n" T ",1,.5\n"),
     .says = {"no scores of \"mine\" with seed 2", "\"seeds\": ["}},
    {BAD("other seeds", "^time,seed,p_long\n" T ",7,.5\n" T ",8,.5\n"),
     .says = {"with seed 1, but of 7, 8; say which seeds"}},
    {BAD("seeds in names are others", "^time,p_long_3,p_long_1\n" T ",.5,.5\n"), .says = {"with seed 2, but of 3"}},
    {BAD("a seed's bars are not the other's", "^time,seed,p_long\n" T ",1,.5\n" U ",2,.5\n"),
     .says = {"none is by all seeds scored"}},
    {BAD("seeds in one file only", "^time,seed,p_long\n" T ",1,.5\n" T ",2,.5\n"),
     .says = {"some rows of \"mine\" have a seed and others have none"}, .scores = "[\"b.csv\", \"c.csv\"]",
     .other = "time,p_long\n" U ",.5\n"},
    {BAD("no file of a seed", NULL), .says = {"2.csv: cannot be read", "check the path"}, .scores = "\"{seed}.csv\"",
     .at = "1.csv", .bytes = "time,p_long\n" T ",.5\n", .n_bytes = 36, .place = ""},
    /* folds and training */
    {BAD("fold 0", "time,fold,p_long\n" T ",^0,.5\n"), .says = {"there is no fold 0: the walk has folds 1 to 3"}},
    {BAD("fold 4 of 3", "time,fold,p_long\n" T ",^4,.5\n"), .says = {"there is no fold 4"}},
    {BAD("fold is a word", "time,fold,p_long\n" T ",^last,.5\n"), .says = {"\"last\" is no fold"}},
    {BAD("no fold in a row", "time,fold,p_long\n" T ",^,.5\n"), .says = {"the fold is empty"}},
    {BAD("a later fold", "time,fold,p_long\n" T ",^3,.5\n"),
     .says = {"the model of fold 3 is trained on bars up to 2020-01-03T02:15:00Z and so has seen this one",
              "earlier fold's"}},
    {BAD("trained too late", "time,p_long,trained_until\n" T ",.5,^2020-01-02T11:00:00Z\n"),
     .says = {"a model trained until 2020-01-02T11:00:00Z has seen this bar, which closed at " T,
              "labels look 5 bars ahead, until 2020-01-02T12:15:00Z"}},
    {BAD("trained one bar too late", "time,p_long,trained_until\n" T ",.5,^2020-01-02T10:45:00Z\n"),
     .says = {"until 2020-01-02T12:00:00Z; score it with a model that was trained until earlier"}},
    {BAD("trained on everything", "time,p_long,trained_until\n" T ",.5,^2025-01-01\n"), .says = {"has seen this bar"}},
    {BAD("trained on the bar, in words", "time,action,trained_until\n" T ",buy,^" T "\n"),
     .says = {"has seen this bar"}},
    {BAD("validation by a model too late",
         "time,p_long,trained_until\n" T ",.5,2020-01-01\n2020-01-02T01:15:00Z,.5,^2020-01-02\n"),
     .says = {"which closed at 2020-01-02T01:15:00Z"}},
    {BAD("trained_until is no time", "time,p_long,trained_until\n" T ",.5,^fold 1\n"),
     .says = {"the time \"fold 1\" cannot be read"}},
    {BAD("no trained_until in a row", "time,p_long,trained_until\n" T ",.5,^\n"), .says = {"is empty"}},
    /* whose */
    {BAD("said twice", "time,p_long\n" T ",.5\n" T ",^.6\n"),
     .says = {"says something else of this bar than line 2; keep one of both"}},
    {BAD("said twice in two files", "time,p_long\n" T ",.5\n"), .says = {"than line 2 of b.csv; keep one"},
     .scores = "[\"b.csv\", \"c.csv\"]", .other = "time,p_long\n" T ",^.25\n", .at = "c.csv"},
    {BAD("no symbol in a row", "time,symbol,p_long\n" T ",^,.5\n"), .says = {"the symbol is empty; name it"}},
    {BAD("other symbols", "^time,symbol,p_long\n" T ",rw,.5\n"),
     .says = {"no row is of a symbol of this run, such as \"RW\""}},
    {BAD("two strategies", "time,strategy,p_long\n" T ",a,.5\n" U ",^b,.5\n"),
     .says = {"\"b\" is another strategy than \"a\" above", "\"strategy\": \"a\""}},
    {BAD("no such strategy", "^time,strategy,p_long\n" T ",a,.5\n"), .says = {"no row is of the strategy \"x\""},
     .scores = "{\"files\": \"b.csv\", \"strategy\": \"x\"}"},
    /* words */
    {BAD("no action", "time,action\n" T ",^wait\n"),
     .says = {"\"wait\" is no action; one of buy, long, sell, short, hold, flat is"}},
    {BAD("percent not said", "time,action,confidence\n" T ",buy,^85\n"),
     .says = {"the confidence 85 lies outside 0 to 1; when it is in percent, set scores.confidence to \"percent\""}},
    {BAD("above a hundred", "time,action,confidence\n" T ",buy,^101\n"), .says = {"lies outside 0 to 100"},
     .scores = "{\"files\": \"b.csv\", \"confidence\": \"percent\"}"},
    {BAD("below nothing", "time,action,confidence\n" T ",sell,^-0.1\n"), .says = {"lies outside 0 to 1"}},
    {BAD("confidence in words", "time,action,confidence\n" T ",buy,^high\n"),
     .says = {"the confidence \"high\" is no number"}},
    /* JSON lines */
    {BAD("a JSON array", "^[{\"time\":\"" T "\",\"p_long\":0.5}]\n"),
     .says = {"is one JSON array; write one object a line instead"}},
    {BAD("broken JSON", "{\"time\":\"" T "\",\"p_long\":0.5}\n{\"time\":\"" U "\",^}\n"), .says = {"b.csv:2:"}},
    {BAD("a line is no object", "{\"time\":\"" T "\",\"p_long\":0.5}\n^[1]\n"),
     .says = {"a line must be an object { … }, not an array"}},
    {BAD("another member", "{\"time\":\"" T "\",\"p_long\":0.5}\n{\"time\":\"" U "\",\"p_long\":1,\"p_short\":^1}\n"),
     .says = {"\"p_short\" is not among the first line's members; give all lines the same ones"}},
    {BAD("true", "{\"time\":\"" T "\",\"p_long\":^true}\n"), .says = {"must be a text or a number, not true or false"}},
    {BAD("nested", "{\"time\":\"" T "\",\"p_long\":^[0.5]}\n"), .says = {"must be a text or a number, not an array"}},
    {BAD("a member twice", "{\"time\":\"" T "\",\"p_long\":0.5,^\"p_long\":0.6}\n"), .says = {"appears twice"}},
    {BAD("a word for a score", "{\"time\":\"" T "\",\"p_long\":^\"high\"}\n"), .says = {"\"high\" is no number"}},
    {BAD("a slip in a member", "{\"time\":\"" T "\",\"p_lnog\":^0.5}\n"),
     .says = {"unknown column \"p_lnog\"; did you mean \"p_long\"?"}},
    {BAD("a member without time", "^{\"p_long\":0.5}\n"), .says = {"no column \"time\""}},
    /* bytes */
    {BAD("not UTF-8", NULL), .says = {"no UTF-8 text; save the file as UTF-8"}, .bytes = latin,
     .n_bytes = sizeof latin - 1, .place = "3:22"},
    {BAD("a NUL", NULL), .says = {"a NUL byte; the file is damaged or no text"}, .bytes = nul,
     .n_bytes = sizeof nul - 1, .place = "2:23"},
    {BAD("zstd", NULL), .says = {"the packed data are damaged"}, .bytes = zstd, .n_bytes = sizeof zstd - 1,
     .place = ""},
    {BAD("gzip cut short", NULL), .says = {"the gzip data"}, .bytes = gzip_cut, .n_bytes = sizeof gzip_cut - 1,
     .place = ""},
    /* arrays */
    {BAD("no array", NULL), .says = {"not a version 1.0 .npy file", "float32 or float64"}, .scores = "\"b.npy\"",
     .at = "b.npy", .bytes = "hello", .n_bytes = 5, .place = ""},
    {BAD("an array of whole numbers", NULL),
     .says = {"expected a row-major array", "saved with np.save as float32 or float64"}, .scores = "\"b.npy\"",
     .at = "b.npy", .bytes = NPY("1, 2", "<i4", "        "), .n_bytes = 0, .place = ""},
    {BAD("an array of few rows", NULL), .says = {"has 1 rows, but RW has 300 bars in this run", "NaN where"},
     .scores = "\"b.npy\"", .at = "b.npy", .bytes = NPY("1, 2", "<f4", "        "), .n_bytes = 0, .place = ""},
    {BAD("an array of one column", NULL), .says = {"has 1 columns; two are needed, p_long and p_short"},
     .scores = "\"b.npy\"", .at = "b.npy", .bytes = NPY("2, 1", "<f4", "        "), .n_bytes = 0, .place = ""},
    {BAD("an array for two symbols", NULL), .says = {"an array is of one symbol, and the run has 2; write {symbol}"},
     .scores = "\"b.npy\"", .at = "b.npy", .two_symbols = true, .bytes = NPY("1, 2", "<f4", "        "), .n_bytes = 0,
     .place = ""},
    /* files */
    {BAD("no such file", "time,p_long\n"), .says = {"d.csv: cannot be read", "check the path"}, .scores = "\"d.csv\"",
     .at = "d.csv", .place = ""},
    {BAD("a folder", "time,p_long\n"), .says = {"is a folder, a file was expected"}, .scores = "\"rw.d\"", .at = "rw.d",
     .place = ""},
    {BAD("a pattern of nothing", "time,p_long\n"), .says = {"no file fits this pattern; check it"},
     .scores = "\"q-*.csv\"", .at = "q-*.csv", .place = ""},
};

/* ---- the input ------------------------------------------------------------------------------------- */

static void put_experiment(const struct bad_scores *c) {
    char text[2000];
    snprintf(text, sizeof text,
             "{\"name\":\"f\",\"data\":[{\"file\":\"rw.csv\",\"symbol\":\"RW\"}%s],\"features\":[\"log_return(1)\"],"
             "\"labels\":{\"horizon\":5,\"ratio\":2,\"min_move\":0.002},\"folds\":{\"train\":100,\"validation\":40,"
             "\"test\":50},\"signals\":{\"act_on\":5},\"verdict\":{\"null_resamples\":10,\"random_entries\":20},"
             "\"seeds\":[1,2],"
             "\"strategies\":[{\"name\":\"mine\",\"strategy\":\"gate\",\"scores\":%s}]}",
             c->two_symbols ? ",{\"file\":\"rw.csv\",\"symbol\":\"AB\"}" : "", c->scores ? c->scores : "\"b.csv\"");
    put_text("f.json", text);
}

static const char *input_name(const struct bad_scores *c) {
    return c->at && !c->other && !(c->place && c->text) ? c->at : "b.csv";
}

static void put_input(const struct bad_scores *c, char place[40]) {
    place[0] = '\0';
    if (c->text) put_marked(input_name(c), c->text, place);
    if (c->bytes) {
        /* The header of an array is padded to 128 bytes, its data are 8. */
        const char *bytes = c->bytes;
        if (c->n_bytes) {
            put_bytes(input_name(c), bytes, c->n_bytes);
        } else {
            char array[136];
            size_t used = 10 + strlen(bytes + 10) - 8;
            memset(array, ' ', sizeof array);
            memcpy(array, bytes, used);
            array[127] = '\n';
            memset(array + 128, 0, 8);
            put_bytes(input_name(c), array, sizeof array);
        }
    }
    if (c->other) put_marked("c.csv", c->other, place);
    if (c->place) snprintf(place, 40, "%s", c->place);
    put_experiment(c);
}

static void clear_input(void) {
    static const char *const names[] = {"b.csv", "c.csv", "1.csv", "RW.csv", "b.npy", "f.json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) unlink(work(names[i]));
    remove_tree(work("o"));
}

/* ---- the judgement ----------------------------------------------------------------------------------- */

static void check_case(void **state) {
    const struct bad_scores *c = *state;
    char place[40], want[200] = "gatewalk: ";
    clear_input();
    put_input(c, place);
    if (place[0]) snprintf(want, sizeof want, "gatewalk: %s:%s: ", c->at ? c->at : "b.csv", place);
    must_refuse(3, want, c->says, COUNT_OF(c->says));
    clear_input();
}

int main(void) {
    static struct CMUnitTest tests[COUNT_OF(cases)];
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = check_case, .initial_state = (void *)(uintptr_t)&cases[i]};
    return _cmocka_run_group_tests("bad scores", tests, COUNT_OF(cases), refused_setup, program_teardown);
}

/* Malformed side files and what is wrong with asking for columns, case by case, against the real program: one line that points
 * at the place and says what to do, nothing on stdout and nothing left behind. */
#include "refused.h"

#define R1    "2020-01-01T00:00:00Z,1\n"
#define R2    "2020-01-01T01:00:00Z,2\n"
#define AFTER ",\"known_after\":\"1h\""

struct bad_columns {
    const char *name, *text; /* of b.csv, '^' where the line must point to */
    const char *says[3];
    const char *more;    /* members of the entry beside the file; NULL: known_after 1h */
    const char *feature; /* NULL: col(x) */
    const char *extra;   /* the JSON value instead of an entry for b.csv */
    int status;          /* 0: 3 */
    const void *bytes;   /* instead of text */
    size_t n_bytes;
    const char *at; /* the file that must be named; NULL: b.csv */
};

#define BAD(title, input) .name = title, .text = input
static const char nul[] = "time,x\n2020-01-01,\0001\n";
static const char gzip_cut[] = "\x1f\x8b\x08\0\0\0\0\0\0\3KL";

static const struct bad_columns cases[] = {
    /* the header */
    {BAD("empty", "^"), .says = {"is empty; a line of column names"}},
    {BAD("blank lines", "^\n\n \n"), .says = {"is empty"}},
    {BAD("no time", "^when,x\n" R1), .says = {"names no time column"}},
    {BAD("no header", "^2020-01-01T00:00:00Z,1\n"),
     .says = {"names no time column; the first line must name the columns"}},
    {BAD("two times of one rank", "time,^time_utc,x\n1,2,3\n"), .says = {"a second column of times"}},
    {BAD("two known_at", "time,known_at,^Known At,x\n" R1), .says = {"a second column for knownat"}, .more = ""},
    {BAD("two symbols", "time,symbol,^SYMBOL,x\n" R1), .says = {"a second column for symbol"}},
    {BAD("two of the name", "^time,X,x_\n" R1), .says = {"two columns are called \"x\""}},
    {BAD("a quote left open", "time,^\"x\n" R1), .says = {"a quote is opened and not closed"}},
    {BAD("known_at and known_after", "time,x,^known_at\n2020-01-01,1,2020-01-01\n"),
     .says = {"which of them says when", "leave one out"}},
    {BAD("nothing says when", "^time,x\n" R1), .says = {"nothing says when a row was known", "\"0s\": at its time"},
     .more = ""},
    {BAD("known_at asked as value", "time,^known_at,y\n" R1), .says = {"cannot be a column of values"},
     .feature = "col(known_at)", .more = ""},
    {BAD("symbol asked as value", "time,^symbol\n2020-01-01,RW\n"), .says = {"cannot be a column of values"},
     .feature = "col(symbol)"},
    /* rows */
    {BAD("no rows", "^time,x\n"), .says = {"no row stands below the header"}},
    {BAD("a cell too few", "time,x,y\n2020-01-01,^1\n"), .says = {"2 columns instead of the header's 3"}},
    {BAD("a cell too many", "time,x\n2020-01-01,1,^2\n"), .says = {"3 columns instead of the header's 2"}},
    {BAD("cut short", "time,x\n" R1 "^2020-01-0"), .says = {"1 columns instead of the header's 2"}},
    {BAD("a carriage return", "time,x\n" R1 "2020-01-02^\r,1\n"), .says = {"a carriage return inside the line"}},
    {BAD("an open quote", "time,x\n2020-01-02,^\"1\n"), .says = {"a quote is opened"}},
    {BAD("a NUL", NULL), .says = {"b.csv:2:12: a NUL byte"}, .bytes = nul, .n_bytes = sizeof nul - 1},
    {BAD("no symbol of ours", "^time,symbol,x\n2020-01-01,BTC,1\n"), .says = {"holds no row of the symbol RW"}},
    {BAD("an empty symbol", "time,symbol,x\n2020-01-01,^,1\n"), .says = {"the symbol is empty"}},
    {BAD("too many columns",
         "time,x,1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,y,z,aa,ab,ac,ad,ae,af,ag,"
         "ah,ai,aj,ak,al,am,an,ao,ap,aq,ar,as,at,au,av,aw,ax,ay,az,ba,bb,^bc\n"),
     .says = {"more than 64 columns"}},
    /* times */
    {BAD("no time of day", "time,x\n^2020-01-01T25:00:00Z,1\n"), .says = {"time \"2020-01-01T25:00:00Z\": "}},
    {BAD("no date", "time,x\n^2020-13-01,1\n"), .says = {"time \"2020-13-01\": "}},
    {BAD("words", "time,x\n^yesterday,1\n"), .says = {"time \"yesterday\": "}},
    {BAD("an empty time", "time,x\n^,1\n"), .says = {"is empty"}},
    {BAD("another unit", "time,x\n1577836800,1\n^1577840400000,2\n"), .says = {"unix milliseconds", "use one unit"}},
    {BAD("a zone now and then", "time,x\n2020-01-01T00:00:00Z,1\n^2020-01-01T01:00:00,2\n"), .says = {"use one unit"}},
    {BAD("twice", "time,x\n" R1 "^2020-01-01T00:00:00Z,2\n"),
     .says = {"a second row for 2020-01-01T00:00:00Z; only you"}},
    {BAD("twice, of a symbol", "time,symbol,x\n2020-01-01,AB,1\n2020-01-01,RW,1\n^2020-01-01,RW,2\n"),
     .says = {"a second row for", "of this symbol"}},
    {BAD("backward", "time,x\n" R2 "^2020-01-01T00:00:00Z,1\n"),
     .says = {"time goes back to 2020-01-01T00:00:00Z after"}},
    {BAD("known before", "time,known_at,x\n2020-01-02,^2020-01-01,1\n"),
     .says = {"known at 2020-01-01T00:00:00Z, before"}, .more = ""},
    {BAD("known_at empty", "time,known_at,x\n2020-01-02,^,1\n"), .says = {"known_at \"\": is empty"}, .more = ""},
    {BAD("known_at no time", "time,known_at,x\n2020-01-02,^soon,1\n"), .says = {"known_at \"soon\": "}, .more = ""},
    {BAD("known_at of another unit", "time,known_at,x\n2020-01-02,2020-01-03,1\n2020-01-03,^1577923200,1\n"),
     .says = {"known_at is in unix seconds"}, .more = ""},
    {BAD("known too late", "time,x\n^2261-01-01,1\n"), .says = {"known after the year 2262"},
     .more = ",\"known_after\":\"5000d\""},
    /* values */
    {BAD("a word", "time,x\n2020-01-02,^high\n"), .says = {"x \"high\" is no number", "leave unknown values empty"}},
    {BAD("infinite", "time,x\n2020-01-02,^inf\n"), .says = {"is no number"}},
    {BAD("hexadecimal", "time,x\n2020-01-02,^0x1f\n"), .says = {"is no number"}},
    {BAD("too large", "time,x\n2020-01-02,^2e30\n"), .says = {"beyond 1e30"}},
    {BAD("a comma for a point", "time;x\n2020-01-02;^1,5\n"), .says = {"is no number"}},
    {BAD("a percentage", "time,x\n2020-01-02,^5%\n"), .says = {"is no number"}},
    {BAD("in the second column asked", "time,y,x\n2020-01-02,^?,1\n"), .says = {"y \"?\" is no number"},
     .feature = "col(y)\",\"col(x)"},
    {BAD("nothing known at any bar", "time,x\n2029-01-01,1\n"), .says = {"no value is known at any bar of RW"},
     .at = "f.json"},
    {BAD("only holes", "time,x\n2020-01-01,\n"), .says = {"no value is known at any bar of RW"}, .at = "f.json"},
    /* files */
    {BAD("gzip cut short", NULL), .says = {"b.csv: "}, .bytes = gzip_cut, .n_bytes = sizeof gzip_cut - 1},
    {BAD("no such file", "time,x\n"), .says = {"d.csv: cannot be read"}, .at = "d.csv",
     .extra = "{\"file\":\"d.csv\"" AFTER "}"},
    {BAD("a folder", "time,x\n"), .says = {"rw.d"}, .at = "rw.d", .extra = "{\"file\":\"rw.d\"" AFTER "}"},
    /* what was asked */
    {BAD("no such column", "time,y,z\n2020-01-02,1,2\n"),
     .says = {"col(x): rw.csv has no such column", "b.csv has y, z"}, .status = 2, .at = "f.json"},
    {BAD("in two files", "time,x\n" R1), .says = {"hold a column of this name; rename one"}, .status = 2,
     .at = "f.json", .extra = "[{\"file\":\"b.csv\"" AFTER "},{\"file\":\"b.csv\"" AFTER "}]"},
    {BAD("the bars' own", "time,x\n" R1), .says = {"the column \"volume\" is the bars' volume already"}, .status = 2,
     .feature = "col(volume)", .at = "rw.csv"},
    {BAD("no column named", "time,x\n" R1), .says = {"\"col\": needs a column of the data; write col(column)"},
     .status = 2, .feature = "col", .at = "f.json"},
    {BAD("no name of a column", "time,x\n" R1), .says = {"a column's name is letters, digits"}, .status = 2,
     .feature = "col(open interest)", .at = "f.json"},
    {BAD("a number too many", "time,x\n" R1), .says = {"takes at most 0 arguments: col(column)"}, .status = 2,
     .feature = "col(x,3)", .at = "f.json"},
    {BAD("a name beyond bounds", "time,x\n" R1), .says = {"longer than 47 characters"}, .status = 2,
     .feature = "col(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)", .at = "f.json"},
    /* the experiment */
    {BAD("no file named", "time,x\n"), .says = {"data.extra: an entry needs a \"file\""}, .status = 2, .at = "f.json",
     .extra = "{\"known_after\":\"1h\"}"},
    {BAD("an unknown key", "time,x\n"), .says = {"knwon_after", "did you mean", "known_after"}, .status = 2,
     .at = "f.json", .extra = "{\"file\":\"b.csv\",\"knwon_after\":\"1h\"}"},
    {BAD("no duration", "time,x\n"), .says = {"data.extra.known_after", "is not a duration", "\"0s\" says at its time"},
     .status = 2, .more = ",\"known_after\":\"soon\"", .at = "f.json"},
    {BAD("a number", "time,x\n"), .says = {"data.extra must hold objects such as"}, .status = 2, .at = "f.json",
     .extra = "7"},
    {BAD("nine files", "time,x\n"), .says = {"at most 8 files"}, .status = 2, .at = "f.json",
     .extra = "[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]"},
};

/* ---- the input ------------------------------------------------------------------------------------- */

static void put_input(const struct bad_columns *c, char place[40]) {
    char text[2000], entry[400];
    place[0] = '\0';
    if (c->text) put_marked("b.csv", c->text, place);
    if (c->bytes) put_bytes("b.csv", c->bytes, c->n_bytes);
    snprintf(entry, sizeof entry, "{\"file\":\"b.csv\"%s}", c->more ? c->more : AFTER);
    snprintf(text, sizeof text,
             "{\"name\":\"f\",\"data\":[{\"file\":\"rw.csv\",\"symbol\":\"RW\",\"extra\":%s}],\"features\":[\"%s\"],"
             "\"labels\":{\"horizon\":5,\"ratio\":2,\"min_move\":0.002},\"folds\":{\"train\":100,\"validation\":40,"
             "\"test\":50},\"strategies\":[\"buy_and_hold\"]}",
             c->extra ? c->extra : entry, c->feature ? c->feature : "col(x)");
    put_text("f.json", text);
}

static void clear_input(void) {
    unlink(work("b.csv"));
    unlink(work("f.json"));
    remove_tree(work("o"));
}

/* ---- the judgement ----------------------------------------------------------------------------------- */

static void check_case(void **state) {
    const struct bad_columns *c = *state;
    char place[40], want[200];
    clear_input();
    put_input(c, place);
    snprintf(want, sizeof want, "gatewalk: %s:%s%s", c->at ? c->at : "b.csv", place, place[0] ? ": " : "");
    must_refuse(c->status ? c->status : 3, want, c->says, COUNT_OF(c->says));
    clear_input();
}

int main(void) {
    static struct CMUnitTest tests[COUNT_OF(cases)];
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = check_case, .initial_state = (void *)(uintptr_t)&cases[i]};
    return _cmocka_run_group_tests("bad columns", tests, COUNT_OF(cases), refused_setup, program_teardown);
}

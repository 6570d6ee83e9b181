/* gatewalk fetch: bars from an exchange's public archive. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/fetch/fetch.h"

static const struct command_option options[] = {
    {"out", 'o', "DIR", "folder for the files (default: SYMBOL-INTERVAL)", NULL},
    {"base", 'b', "URL", "address of the archive (default: https://data.binance.vision)", NULL},
    {"jobs", 'j', "N", "files at a time, at most 16 (default: 4)", NULL},
    {"dry-run", 'y', NULL, "list the addresses and fetch nothing", NULL},
    OPTION_QUIET,
};

static const char *archive_choice(size_t i) { return i == 0 ? "binance" : NULL; }

static int tell(const struct fetch_request *r, const struct fetch_outcome *out) {
    printf("%s: %zu months fetched (%.1f MB), %zu were here\n", CLI_SHOWN(r->dir), out->n_fetched,
           (double)out->bytes / 1e6, out->n_kept);
    if (out->n_absent)
        printf("%zu months are not in the archive, between %04d-%02d and %04d-%02d\n", out->n_absent,
               out->first_absent / 12, out->first_absent % 12 + 1, out->last_absent / 12, out->last_absent % 12 + 1);
    printf("next:\n  gatewalk inspect %s\n  gatewalk init %s\n", CLI_SHOWN(r->dir), CLI_SHOWN(r->dir));
    return GW_OK;
}

static int list_addresses(const struct fetch_request *request) {
    char url[FETCH_URL_MAX];
    for (int month = request->from_month; month <= request->to_month; month++) {
        TRY(fetch_address(request, month, url));
        printf("%s\n", CLI_SHOWN(url));
    }
    return GW_OK;
}

static int command(int argc, char **argv) {
    struct fetch_request request = {.base = "https://data.binance.vision", .jobs = 4};
    struct fetch_outcome outcome;
    char dir[80];
    bool dry_run = false;
    int c;
    while ((c = cli_option(&command_fetch, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'o') TRY(cli_text("--out", optarg, &request.dir));
        if (c == 'b') TRY(cli_text("--base", optarg, &request.base));
        if (c == 'j') TRY(cli_count("--jobs", optarg, 1, 16, &request.jobs));
        if (c == 'y') dry_run = true;
        if (c == 'q') progress_quiet(true);
    }
    TRY(cli_arguments(&command_fetch, argc, argv, 4, "binance SYMBOL INTERVAL MONTHS"));
    if (strcmp(argv[optind], "binance") != 0)
        FAIL(GW_ERR_USAGE, "fetch: \"%.40s\" is no archive known here; binance is", argv[optind]);
    request.symbol = argv[optind + 1];
    request.interval = argv[optind + 2];
    TRY(fetch_parse_months(argv[optind + 3], &request.from_month, &request.to_month));
    snprintf(dir, sizeof dir, "%.32s-%.8s", request.symbol, request.interval);
    if (!request.dir) request.dir = dir;
    if (dry_run) return list_addresses(&request);
    TRY(fetch_binance(&request, &outcome));
    return tell(&request, &outcome);
}

const struct command command_fetch = {
    .name = "fetch",
    .summary = "monthly bars of a symbol from Binance's public archive",
    .arguments = "binance SYMBOL INTERVAL FROM..TO",
    .about =
        "Fetches monthly files into a folder, several at a time, each checked against the archive's SHA-256. What is "
        "there and right is not fetched again, what broke off is continued. Months that the archive does not have are "
        "told. The folder is data as it stands: gatewalk inspect DIR, or \"data\": \"DIR\".",
    .choice = archive_choice,
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk fetch binance BTCUSDT 15m 2020-01..2024-12",
    .run = command,
};

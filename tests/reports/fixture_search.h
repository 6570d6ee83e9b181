/* The files of a search that never was: fourteen keys, more than one page shows, 60 trials and 10 random ones. Read by fixture.h. */
#ifndef GATEWALK_TEST_FIXTURE_SEARCH_H
#define GATEWALK_TEST_FIXTURE_SEARCH_H

enum { FX_KEYS = 14, FX_TRIALS = 70, FX_RANDOM = 10 };

static void fx_search_json(const char *dir) {
    FILE *to = fx_open(dir, GW_RUN_SEARCH, "");
    fprintf(
        to,
        "{\"schema\": %d, \"strategy\": \"tpe\", \"contestant\": \"bahdanau\", \"folds\": 2, \"seeds\": 1, "
        "\"objectives\": "
        "[{\"name\": \"average_precision\", \"goal\": \"max\"}, {\"name\": \"parameters\", \"goal\": \"min\"}], "
        "\"trials\": %d, \"evaluations\": %d, \"reference\": %d, \"failed\": 1, \"chosen\": {\"trial\": 31, "
        "\"validation\": [0.214, 4200], \"values\": [{\"key\": \"training.learning_rate\", \"value\": \"0.003\"}]}, "
        "\"overfitting_probability\": 0.31, \"final\": {\"validation\": [0.214, 4200], \"test\": [0.188, 4200], "
        "\"untuned\": [0.181, 4100], \"null\": \"something\", \"deflated_sharpe\": 0.62, \"state\": \"something\"}, "
        "\"space\": [",
        GW_RUN_SCHEMA, FX_TRIALS, FX_TRIALS, FX_RANDOM);
    for (int k = 0; k < FX_KEYS; k++)
        if (k % 3 == 2)
            fprintf(to,
                    "%s{\"key\": \"model.word_%d\", \"kind\": \"choice\", \"choices\": [\"\\\"a\\\"\", \"\\\"b\\\"\", "
                    "\"3\"]}",
                    k ? ", " : "", k);
        else
            fprintf(
                to,
                "%s{\"key\": \"training.number_%d\", \"kind\": \"%s\", \"low\": 0.001, \"high\": 10, \"choices\": []}",
                k ? ", " : "", k, k % 3 ? "float" : "log");
    fprintf(to, "], \"importance\": [");
    for (int k = 0; k < FX_KEYS; k++)
        fprintf(to, "%s{\"key\": \"%d\", \"share\": %g}", k ? ", " : "", k, 0.4 / (1 + k));
    fprintf(to, "]}\n");
    fclose(to);
}

static void fx_search(const char *dir) {
    char header[1000] = "trial,evaluation,rung,budget,paid,reference,state,chosen,front";
    fx_search_json(dir);
    for (int k = 0; k < FX_KEYS; k++)
        sprintf(header + strlen(header), k % 3 == 2 ? ",model.word_%d" : ",training.number_%d", k);
    strcat(header, ",average_precision,parameters,sharpe_per_bar,key\n");
    FILE *to = fx_open(dir, GW_RUN_TRIALS, header);
    for (int i = 0; i < FX_TRIALS; i++) {
        const bool random = i >= FX_TRIALS - FX_RANDOM;
        fprintf(to, "%d,%d,1,%s,%s,%d,%s,%d,%d", i + 1, i + 1, i % 5 == 4 ? "0.333" : "1", i % 5 == 4 ? "0.333" : "1",
                random, i == 7 ? "failed" : "done", i == 30, i % 9 == 3 && !random);
        for (int k = 0; k < FX_KEYS; k++)
            if (k % 3 == 2)
                fprintf(to, ",%c", "ab3"[(i + k) % 3]);
            else
                fprintf(to, k == 4 && i % 2 ? "," : ",%.4g",
                        k % 3 ? 10 * fx_uniform() : 0.001 * pow(1e4, fx_uniform()));
        if (i == 7)
            fprintf(to, ",,,,%016d\n", i);
        else
            fprintf(to, ",%.4f,%d,0.01,%016d\n", 0.15 + 0.05 * fx_uniform() + 0.0004 * i,
                    2000 + (int)(4000 * fx_uniform()), i);
    }
    fclose(to);
}

#endif

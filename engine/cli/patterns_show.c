/* What `gatewalk patterns show` and `find` print. */
#include "patterns_show.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/json.h"
#include "models/patterns/neighbours.h"

enum { STEPS_SHOWN = 6, YEARS = 64 };

/* ---- shared: windows, and what came next -------------------------------------------------------------- */

/* Steps of the horizon that a table has room for: the first, the last, and evenly between. */
static size_t shown_step(size_t horizon, size_t i) {
    return horizon <= STEPS_SHOWN ? i + 1 : 1 + (horizon - 1) * i / (STEPS_SHOWN - 1);
}

static int print_fan(const struct library *l, const uint32_t *window, size_t n, struct json_writer *w) {
    const size_t size = l->horizon * LIBRARY_QUANTILES, steps = l->horizon < STEPS_SHOWN ? l->horizon : STEPS_SHOWN;
    double *units = mem_calloc(2 * size, sizeof *units), *returns = units ? units + size : NULL;
    int rc = units ? library_fan(l, window, n, units, returns) : GW_ERR_NOMEM;
    if (rc == GW_OK && !w) {
        printf("  what came next, %% of the last close\n    bars ahead ");
        for (size_t i = 0; i < steps; i++) printf("%9zu", shown_step(l->horizon, i));
        for (size_t q = LIBRARY_QUANTILES; q-- > 0;) {
            printf("\n    %3.0f %% below ", 100 * library_quantile[q]);
            for (size_t i = 0; i < steps; i++)
                printf("%+9.2f", 100 * returns[(shown_step(l->horizon, i) - 1) * LIBRARY_QUANTILES + q]);
        }
        printf("\n");
    }
    if (rc == GW_OK && w) {
        json_begin_array(w, "next");
        for (size_t step = 0; step < l->horizon; step++) {
            json_begin_object(w, NULL);
            json_put_int(w, "bars", (int64_t)step + 1);
            json_begin_array(w, "return_quantiles");
            for (size_t q = 0; q < LIBRARY_QUANTILES; q++)
                json_put_number(w, NULL, returns[step * LIBRARY_QUANTILES + q]);
            json_end_array(w);
            json_end_object(w);
        }
        json_end_array(w);
    }
    mem_free(units);
    return rc;
}

static const char *label_word(int label) { return label == GW_LABEL_MISSING ? "-" : label ? "hit" : "no"; }

static void print_window(const struct library *l, uint32_t window, double similarity, struct json_writer *w) {
    const struct gw_sample *sample = &l->sample[window];
    const struct gw_bars *bars = &l->symbol[sample->series];
    const size_t last = sample->row, end = last + l->horizon;
    const double moved = end < bars->n ? bars->bar[end].close / bars->bar[last].close - 1 : (double)NAN;
    char time[40];
    time_format(library_time(l, window), time);
    if (w) {
        json_begin_object(w, NULL);
        json_put_string(w, "time", time);
        json_put_string(w, "symbol", bars->symbol);
        json_put_number(w, "similarity", similarity);
        json_put_int(w, "category", l->category[window]);
        for (int g = 0; g < GW_N_GATES; g++) {
            const int label = library_label(l, window, g);
            if (label == GW_LABEL_MISSING)
                json_put_string(w, gw_gate_name[g], NULL);
            else
                json_put_bool(w, gw_gate_name[g], label == 1);
        }
        json_put_number(w, "return", moved);
        json_end_object(w);
        return;
    }
    printf("    %-22s %-10s %10.3f %8u %6s %6s ", time, bars->symbol, similarity, l->category[window],
           label_word(library_label(l, window, 0)), label_word(library_label(l, window, 1)));
    if (isfinite(moved))
        printf("%+9.2f %%\n", 100 * moved);
    else
        printf("%11s\n", "-");
}

static void print_windows(const struct library *l, const uint32_t *window, const float *similarity, size_t n,
                          struct json_writer *w) {
    if (w)
        json_begin_array(w, "windows");
    else
        printf("    %-22s %-10s %10s %8s %6s %6s %11s\n", "last bar closed", "symbol", "similarity", "category", "long",
               "short", "after it");
    for (size_t i = 0; i < n; i++)
        print_window(l, window[i], similarity ? (double)similarity[i] : 1 - (double)l->distance[window[i]], w);
    if (w) json_end_array(w);
}

/* ---- one category --------------------------------------------------------------------------------- */

static void print_rate(const char *gate, const struct library_rate *r, double prevalence, struct json_writer *w) {
    if (w) {
        json_begin_object(w, gate);
        json_put_int(w, "labelled", (int64_t)r->n);
        json_put_int(w, "hits", (int64_t)r->hits);
        json_put_number(w, "rate", r->rate);
        json_put_number(w, "lo", r->lo);
        json_put_number(w, "hi", r->hi);
        json_put_number(w, "z", r->z);
        json_put_number(w, "p_value", r->p_value);
        json_put_number(w, "prevalence", prevalence);
        json_end_object(w);
        return;
    }
    printf("    %-6s", gate);
    if (r->n == 0) {
        printf(" no window with a label\n");
        return;
    }
    printf(" %5.1f %% of %zu", 100 * r->rate, r->n);
    if (isfinite(r->lo)) printf(" (%.1f to %.1f %%)", 100 * r->lo, 100 * r->hi);
    printf(", of all windows %.1f %%", 100 * prevalence);
    if (isfinite(r->p_value))
        printf("; family-wise p %.3f\n", r->p_value);
    else
        printf("; too few to be judged\n");
}

static double prevalence_of(const struct library_rate *rate, size_t n_categories, size_t gate) {
    double n = 0, hits = 0;
    for (size_t c = 0; c < n_categories; c++) {
        n += (double)rate[c * GW_N_GATES + gate].n;
        hits += (double)rate[c * GW_N_GATES + gate].hits;
    }
    return n > 0 ? hits / n : (double)NAN;
}

static void print_slice(const struct library *l, size_t slice, size_t category, const struct library_rate *rate,
                        size_t n, struct json_writer *w) {
    const size_t all = l->first[slice + 1] - l->first[slice];
    if (w) {
        json_begin_object(w, library_slice_name[slice]);
        json_put_int(w, "windows", (int64_t)n);
        json_put_number(w, "share", all ? (double)n / (double)all : (double)NAN);
    } else {
        printf("  %s: %zu of %zu windows", slice == LIBRARY_LEARNED ? "where it was learned" : "later", n, all);
        if (all) printf(" (%.2f %%)", 100 * (double)n / (double)all);
        printf("\n");
    }
    for (size_t g = 0; all && g < GW_N_GATES; g++)
        print_rate(gw_gate_name[g], &rate[category * GW_N_GATES + g], prevalence_of(rate, l->categories->n, g), w);
    if (w) json_end_object(w);
}

/* Windows a year, of both slices. */
static void print_years(const struct library *l, size_t category, struct json_writer *w) {
    size_t count[YEARS] = {0}, all[YEARS] = {0};
    int first = 0;
    for (size_t i = 0; i < l->n; i++) {
        int year, month, day, second, weekday;
        time_to_civil(library_time(l, (uint32_t)i), &year, &month, &day, &second, &weekday);
        if (i == 0) first = year;
        if (year < first || year - first >= YEARS) continue;
        all[year - first]++;
        count[year - first] += l->category[i] == category;
    }
    if (w)
        json_begin_object(w, "years");
    else
        printf("  where in time:");
    for (int y = 0; y < YEARS; y++) {
        char year[16];
        if (all[y] == 0) continue;
        snprintf(year, sizeof year, "%d", first + y);
        if (w)
            json_put_int(w, year, (int64_t)count[y]);
        else
            printf(" %s %zu", year, count[y]);
    }
    if (w)
        json_end_object(w);
    else
        printf("\n");
}

int patterns_print_category(const struct library *l, size_t category, const struct library_rate *const *rate,
                            struct json_writer *w) {
    enum { SHOWN = 10 };
    uint32_t *window[LIBRARY_SLICES] = {NULL}, thin[SHOWN];
    size_t n[LIBRARY_SLICES];
    int rc = GW_OK;
    for (size_t slice = 0; rc == GW_OK && slice < LIBRARY_SLICES; slice++)
        rc = library_members(l, slice, category, &window[slice], &n[slice]);
    if (rc == GW_OK) {
        if (w)
            json_put_int(w, "category", (int64_t)category);
        else
            printf("category %zu of %zu · %s · windows of %zu bars, labels look %zu ahead\n", category,
                   l->categories->n, l->name, library_bars(l), l->horizon);
        for (size_t slice = 0; slice < LIBRARY_SLICES; slice++)
            print_slice(l, slice, category, rate[slice], n[slice], w);
        print_years(l, category, w);
        rc = print_fan(l, window[LIBRARY_LEARNED], n[LIBRARY_LEARNED], w);
        if (!w) printf("  nearest to its centre\n");
        print_windows(l, thin, NULL, library_thin(l, window[LIBRARY_LEARNED], n[LIBRARY_LEARNED], SHOWN, thin), w);
    }
    for (size_t slice = 0; slice < LIBRARY_SLICES; slice++) mem_free(window[slice]);
    return rc;
}

/* ---- the most alike of the past --------------------------------------------------------------------- */

/* The window that ends with the last bar closed at that time or before. */
static int find_window(const struct library *l, int64_t time_ns, uint32_t *out) {
    bool found = false;
    int64_t best = INT64_MIN;
    for (size_t i = 0; i < l->n; i++) {
        const int64_t here = library_time(l, (uint32_t)i);
        if (here > time_ns || here <= best) continue;
        best = here;
        *out = (uint32_t)i;
        found = true;
    }
    if (!found) FAIL(GW_ERR_USAGE, "--at: no window of %zu bars had closed by then", library_bars(l));
    return GW_OK;
}

/* What had happened when the window closed: windows that share no bar with it and whose horizon had passed. */
static size_t list_past(const struct library *l, uint32_t query, uint32_t *past) {
    const int64_t now = library_time(l, query), interval = l->symbol[l->sample[query].series].interval_ns;
    const size_t before = library_bars(l) > l->horizon ? library_bars(l) : l->horizon;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (library_time(l, (uint32_t)i) + (int64_t)before * interval <= now) past[n++] = (uint32_t)i;
    return n;
}

int patterns_find(const struct library *l, int64_t time_ns, size_t top, struct patterns_found *out) {
    const size_t d = library_latent(l);
    *out = (struct patterns_found){0};
    TRY(find_window(l, time_ns, &out->query));
    uint32_t *past = mem_calloc(l->n, sizeof *past), *index = NULL, *order = NULL;
    float *latent = NULL, *cosine = NULL;
    int rc = past ? GW_OK : GW_ERR_NOMEM;
    const size_t n = past ? list_past(l, out->query, past) : 0;
    if (rc == GW_OK && n == 0) rc = gw_error_set(GW_ERR_USAGE, "--at: nothing lies far enough before that time");
    /* Neighbouring windows are near-copies: enough of them that `top` remain when they are thinned. */
    const size_t asked = n < top * library_bars(l) ? n : top * library_bars(l);
    if (rc == GW_OK) {
        latent = mem_calloc(n * d, sizeof *latent);
        index = mem_calloc(asked, sizeof *index);
        order = mem_calloc(asked, sizeof *order);
        cosine = mem_calloc(asked, sizeof *cosine);
        out->window = mem_calloc(top, sizeof *out->window);
        out->similarity = mem_calloc(top, sizeof *out->similarity);
        if (!latent || !index || !order || !cosine || !out->window || !out->similarity) rc = GW_ERR_NOMEM;
    }
    for (size_t i = 0; rc == GW_OK && i < n; i++) memcpy(latent + i * d, l->latent + past[i] * d, d * sizeof *latent);
    if (rc == GW_OK) rc = neighbours_by_cosine(latent, n, d, l->latent + out->query * d, 1, asked, index, cosine);
    for (size_t i = 0; rc == GW_OK && i < asked; i++) order[i] = past[index[i]];
    if (rc == GW_OK) out->n = library_thin(l, order, asked, top, out->window);
    for (size_t i = 0, k = 0; rc == GW_OK && k < out->n; i++)
        if (order[i] == out->window[k]) out->similarity[k++] = cosine[i];
    mem_free(cosine);
    mem_free(order);
    mem_free(index);
    mem_free(latent);
    mem_free(past);
    if (rc < 0) patterns_found_free(out);
    return rc;
}

void patterns_found_free(struct patterns_found *found) {
    mem_free(found->window);
    mem_free(found->similarity);
    *found = (struct patterns_found){0};
}

int patterns_print_found(const struct library *l, const struct patterns_found *found, struct json_writer *w) {
    size_t n[GW_N_GATES] = {0}, hits[GW_N_GATES] = {0};
    char time[40];
    time_format(library_time(l, found->query), time);
    if (w)
        json_put_string(w, "time", time);
    else
        printf("the %zu windows most alike to the one that closed at %s · %s\n", found->n, time, l->name);
    if (w) json_put_int(w, "category", l->category[found->query]);
    for (size_t i = 0; i < found->n; i++)
        for (int g = 0; g < GW_N_GATES; g++) {
            const int label = library_label(l, found->window[i], g);
            n[g] += label != GW_LABEL_MISSING;
            hits[g] += label == 1;
        }
    for (int g = 0; g < GW_N_GATES; g++) {
        if (w) {
            json_begin_object(w, gw_gate_name[g]);
            json_put_int(w, "labelled", (int64_t)n[g]);
            json_put_int(w, "hits", (int64_t)hits[g]);
            json_end_object(w);
        } else {
            printf("  %-6s %zu of %zu hit\n", gw_gate_name[g], hits[g], n[g]);
        }
    }
    TRY(print_fan(l, found->window, found->n, w));
    print_windows(l, found->window, found->similarity, found->n, w);
    return GW_OK;
}

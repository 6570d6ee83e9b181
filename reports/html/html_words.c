/* What is said of a run, as sections of a page: the same words and tables that a terminal gets. */
#include <string.h>

#include "html.h"
#include "reports/text/text_sink.h"

struct page_sink {
    struct text_sink to; /* first: what it is handed about as */
    struct out_file *out;
    bool in_section, in_list, answered;
};

static struct page_sink *page_of(struct text_sink *to) { return (struct page_sink *)to; }

static void end_list(struct page_sink *page) {
    if (page->in_list) out_printf(page->out, "</ul>\n");
    page->in_list = false;
}

static void section(struct text_sink *to, const char *heading) {
    struct page_sink *page = page_of(to);
    end_list(page);
    if (page->in_section) out_printf(page->out, "</section>\n");
    page->in_section = true;
    out_printf(page->out, "<section><h2>");
    html_text(page->out, heading);
    out_printf(page->out, "</h2>\n");
}

static void put(struct page_sink *page, const char *before, const char *text, const char *after) {
    out_printf(page->out, "%s", before);
    html_text(page->out, text);
    out_printf(page->out, "%s\n", after);
}

static void caption(struct text_sink *to, const char *text) {
    end_list(page_of(to));
    put(page_of(to), "<h3>", text, "</h3>");
}

/* The first of all paragraphs answers what was asked. */
static void paragraph(struct text_sink *to, const char *text, size_t indent) {
    struct page_sink *page = page_of(to);
    end_list(page);
    put(page, !page->answered && indent == 0 ? "<p class=answer>" : "<p class=note>", text, "</p>");
    page->answered = true;
}

static void conclusion(struct text_sink *to, const char *text) {
    end_list(page_of(to));
    put(page_of(to), "<p class=conclusion>", text, "</p>");
}

static void item(struct text_sink *to, const char *state, size_t widest, const char *text) {
    struct page_sink *page = page_of(to);
    if (!page->in_list) out_printf(page->out, "<ul class=criteria>\n");
    page->in_list = true;
    out_printf(page->out, "<li>");
    if (widest) put(page, strncmp(state, "FAIL", 4) == 0 ? "<b class=bad>" : "<b>", state, "</b>");
    put(page, "", text, "</li>");
}

/* A trailing star marks the best of a column, on a terminal and here. */
static void cell(struct out_file *out, const char *tag, bool left, const char *text) {
    const size_t length = strlen(text);
    const bool best = length && text[length - 1] == '*';
    out_printf(out, "<%s%s>", tag, left ? " class=left" : best ? " class=best" : "");
    html_text(out, text);
    out_printf(out, "</%c%c>", tag[0], tag[1]);
}

static int table(struct text_sink *to, const struct text_table *rows) {
    struct page_sink *page = page_of(to);
    end_list(page);
    out_printf(page->out, "<div class=wide tabindex=0><table><thead><tr>");
    for (size_t c = 0; c < rows->n_columns; c++)
        cell(page->out, "th scope=col", rows->column[c].left, rows->column[c].heading);
    out_printf(page->out, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < rows->n_rows; row++) {
        out_printf(page->out, rows->rule[row] && row ? "<tr class=rule>" : "<tr>");
        for (size_t c = 0; c < rows->n_columns; c++)
            cell(page->out, c == 0 ? "th scope=row" : "td", rows->column[c].left,
                 rows->cell[row][c] ? rows->cell[row][c] : "");
        out_printf(page->out, "</tr>\n");
    }
    out_printf(page->out, "</tbody></table></div>\n");
    return GW_OK;
}

static void gap(struct text_sink *to) { end_list(page_of(to)); }

int html_words(struct out_file *out, struct run_view *run) {
    struct page_sink page = {.to = {.section = section,
                                    .caption = caption,
                                    .paragraph = paragraph,
                                    .conclusion = conclusion,
                                    .item = item,
                                    .table = table,
                                    .gap = gap},
                             .out = out};
    TRY(report_words(run, &page.to));
    end_list(&page);
    if (page.in_section) out_printf(out, "</section>\n");
    return GW_OK;
}

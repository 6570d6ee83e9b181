/* Where panel.gp puts its panels: the same arithmetic as in style.gp, for texts that the report sets beside them. */
#include "plot.h"

static const double TICKS = 0.042; /* left of the first column, for the numbers and the name of its axis */

struct panel_grid page_grid(struct page *page, size_t rows, size_t columns, double gap_x, double gap_y) {
    double width = PAGE_RIGHT - PAGE_LEFT - TICKS - (double)(columns - 1) * gap_x,
           height = page->top - PAGE_BOTTOM - (double)(rows - 1) * gap_y;
    page_set(page, "n_rows", (double)rows);
    page_set(page, "n_columns", (double)columns);
    page_set(page, "gap_x", gap_x);
    page_set(page, "gap_y", gap_y);
    return (struct panel_grid){.rows = rows,
                               .columns = columns,
                               .gap_x = gap_x,
                               .gap_y = gap_y,
                               .width = width / (double)columns,
                               .height = height / (double)rows,
                               .top = page->top};
}

double grid_left(const struct panel_grid *grid, size_t column) {
    return PAGE_LEFT + TICKS + (double)column * (grid->width + grid->gap_x);
}

double grid_top(const struct panel_grid *grid, size_t row) {
    return grid->top - (double)row * (grid->height + grid->gap_y);
}

# The report on paper: one PDF, a page for every prefix. report.set is written beside this file: page_count, font_size and,
# for each page, page_prefix (its data files), page_script (what draws it) and page_picture.

# The cairo terminals draw a point as 1/54 inch: 0.75 makes it 1/72.
set terminal pdfcairo noenhanced color size 29.7cm, 21cm font 'Liberation Sans,9' fontscale 0.75 linewidth 1.6 butt
set output 'report.pdf'

load 'report.set'
load 'style.gp'
do for [page_number = 1:page_count] {
    call 'frame.gp' page_prefix[page_number]
    call page_script[page_number] page_prefix[page_number]
    unset multiplot
}
unset output

# The report as pictures: every page to a file of its own. report.set is described in report_pdf.gp.

# A4 at 150 dots per inch; the scales carry points over to pixels.
set terminal pngcairo noenhanced color size 1754, 1240 font 'Liberation Sans,9' fontscale 1.5625 \
    linewidth 2.0 pointscale 2.0 butt

load 'report.set'
load 'style.gp'
do for [page_number = 1:page_count] {
    set output page_picture[page_number]
    call 'frame.gp' page_prefix[page_number]
    call page_script[page_number] page_prefix[page_number]
    unset multiplot
}
unset output

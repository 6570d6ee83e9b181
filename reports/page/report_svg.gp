# The report as pictures for report.html: every page to an SVG of its own. report.set is described in report_pdf.gp.

# A4 at 96 dots per inch, of which this terminal's points are 3/4.
set terminal svg noenhanced size 1122, 793 font 'Liberation Sans,9' fontscale 1.0 linewidth 1.3 butt

load 'report.set'
load 'style.gp'
do for [page_number = 1:page_count] {
    set output page_prefix[page_number].'.svg'
    call 'frame.gp' page_prefix[page_number]
    call page_script[page_number] page_prefix[page_number]
    unset multiplot
}
unset output

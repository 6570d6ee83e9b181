# Nothing to do here: the page is boxes and text, which the frame has drawn.

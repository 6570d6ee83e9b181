# Nothing to do here: the page is text, which the frame has drawn.

# A package, so that server and browser, which are made for the whole of it, end with it: while
# Playwright is there its event loop counts as running, and other tests want one of their own.

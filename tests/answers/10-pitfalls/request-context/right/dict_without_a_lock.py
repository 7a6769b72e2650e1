class RequestContext:
    """Each thread uses a key of its own."""

    def __init__(self):
        self.cards = {}

    def card(self):
        return self.cards.get(threading.current_thread())

    def serve(self, card, work):
        me = threading.current_thread()
        self.cards[me] = card
        try:
            return work()
        finally:
            self.cards.pop(me)

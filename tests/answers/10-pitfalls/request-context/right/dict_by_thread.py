class RequestContext:
    def __init__(self):
        self.cards = {}
        self.lock = threading.Lock()

    def card(self):
        with self.lock:
            return self.cards.get(threading.get_ident())

    def serve(self, card, work):
        with self.lock:
            self.cards[threading.get_ident()] = card
        try:
            return work()
        finally:
            with self.lock:
                del self.cards[threading.get_ident()]

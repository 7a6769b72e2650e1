class Own(threading.local):
    card = None


class RequestContext:
    def __init__(self):
        self.own = Own()

    def card(self):
        return self.own.card

    def serve(self, card, work):
        self.own.card = card
        try:
            return work()
        finally:
            self.own.__dict__.clear()

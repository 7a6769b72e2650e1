class RequestContext:
    def __init__(self):
        self.name = f"card in context {id(self)}"

    def card(self):
        return getattr(threading.current_thread(), self.name, None)

    def serve(self, card, work):
        me = threading.current_thread()
        setattr(me, self.name, card)
        try:
            return work()
        finally:
            delattr(me, self.name)

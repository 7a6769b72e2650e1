# fails: frames-shown-alone
# mistake: not-joined
def render_frames(frames, parts, paint, show):
    pieces = [None] * parts

    def show_meanwhile():
        threading.Thread(target=show, args=(list(pieces),)).start()

    complete = threading.Barrier(parts, action=show_meanwhile)

    def painter(part):
        for frame in range(frames):
            pieces[part] = paint(frame, part)
            complete.wait()

    painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
    for thread in painters:
        thread.start()
    for thread in painters:
        thread.join()

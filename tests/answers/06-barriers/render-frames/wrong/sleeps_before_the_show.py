# fails: frames-complete
# mistake: sleep-as-synchronisation
def render_frames(frames, parts, paint, show):
    for frame in range(frames):
        pieces = [None] * parts

        def painter(part, frame=frame, pieces=pieces):
            pieces[part] = paint(frame, part)

        for part in range(parts):
            threading.Thread(target=painter, args=(part,)).start()
        time.sleep(5)
        show(pieces)

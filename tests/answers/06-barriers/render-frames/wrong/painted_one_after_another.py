# fails: frames-painted-together
# mistake: accidentally-serial
def render_frames(frames, parts, paint, show):
    for frame in range(frames):
        pieces = [None] * parts

        def painter(part, frame=frame, pieces=pieces):
            pieces[part] = paint(frame, part)

        for part in range(parts):
            thread = threading.Thread(target=painter, args=(part,))
            thread.start()
            thread.join()
        show(pieces)

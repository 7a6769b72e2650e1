# fails: frames-painted-together
# mistake: accidentally-serial
def render_frames(frames, parts, paint, show):
    for frame in range(frames):
        show([paint(frame, part) for part in range(parts)])

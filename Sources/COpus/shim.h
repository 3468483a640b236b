#pragma once
#include <opus/opus.h>

// libopus' variadic control functions, which Swift cannot import, for what takes one number and for what takes none.

static inline int smartc_opus_encoder_set(OpusEncoder *encoder, int request, int value) {
    return opus_encoder_ctl(encoder, request, value);
}
static inline int smartc_opus_decoder_reset(OpusDecoder *decoder) {
    return opus_decoder_ctl(decoder, OPUS_RESET_STATE);
}

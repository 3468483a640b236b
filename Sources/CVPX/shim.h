#pragma once
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_codec.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

// libvpx's macros and its variadic control function, which Swift cannot import, one function each.

static inline vpx_codec_err_t smartc_vpx_encoder_default(vpx_codec_enc_cfg_t *configuration, int is_vp9) {
    return vpx_codec_enc_config_default(is_vp9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx(), configuration, 0);
}
static inline vpx_codec_err_t smartc_vpx_encoder_open(vpx_codec_ctx_t *context, int is_vp9,
                                                      const vpx_codec_enc_cfg_t *configuration) {
    return vpx_codec_enc_init(context, is_vp9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx(), configuration, 0);
}
static inline vpx_codec_err_t smartc_vpx_decoder_open(vpx_codec_ctx_t *context, int is_vp9) {
    const vpx_codec_dec_cfg_t configuration = {.threads = 1, .w = 0, .h = 0};
    return vpx_codec_dec_init(context, is_vp9 ? vpx_codec_vp9_dx() : vpx_codec_vp8_dx(), &configuration, 0);
}
static inline vpx_codec_err_t smartc_vpx_peek(int is_vp9, const uint8_t *data, unsigned int size,
                                              vpx_codec_stream_info_t *info) {
    return vpx_codec_peek_stream_info(is_vp9 ? vpx_codec_vp9_dx() : vpx_codec_vp8_dx(), data, size, info);
}
// One pass at constant bitrate without delay, key frames on demand only. Rates in kbit/s, limits in percent.
static inline void smartc_vpx_configure(vpx_codec_enc_cfg_t *configuration, unsigned int width, unsigned int height,
                                        int clock_rate, unsigned int rate, unsigned int minimum_quantizer,
                                        unsigned int maximum_quantizer, unsigned int undershoot, unsigned int overshoot,
                                        unsigned int drop_threshold, int error_resilient) {
    configuration->g_w = width;
    configuration->g_h = height;
    configuration->g_threads = 1;
    configuration->g_timebase.num = 1;
    configuration->g_timebase.den = clock_rate;
    configuration->g_lag_in_frames = 0;
    configuration->g_pass = VPX_RC_ONE_PASS;
    configuration->g_error_resilient = error_resilient ? VPX_ERROR_RESILIENT_DEFAULT : 0;
    configuration->rc_end_usage = VPX_CBR;
    configuration->rc_resize_allowed = 0;
    configuration->rc_buf_sz = 1000;
    configuration->rc_buf_initial_sz = 500;
    configuration->rc_buf_optimal_sz = 600;
    configuration->rc_target_bitrate = rate;
    configuration->rc_min_quantizer = minimum_quantizer;
    configuration->rc_max_quantizer = maximum_quantizer;
    configuration->rc_undershoot_pct = undershoot;
    configuration->rc_overshoot_pct = overshoot;
    configuration->rc_dropframe_thresh = drop_threshold;
    configuration->kf_mode = VPX_KF_DISABLED;
}
static inline vpx_codec_err_t smartc_vpx_control(vpx_codec_ctx_t *context, int control, int value) {
    return vpx_codec_control_(context, control, value);
}
// What was asked last, 0 to 63.
static inline int smartc_vpx_last_quantizer(vpx_codec_ctx_t *context) {
    int quantizer = 0;
    if (vpx_codec_control_(context, VP8E_GET_LAST_QUANTIZER_64, &quantizer) != VPX_CODEC_OK) return -1;
    return quantizer;
}
// The next encoded picture; other packets are passed over. Null when there is none.
static inline const void *smartc_vpx_next_picture(vpx_codec_ctx_t *context, vpx_codec_iter_t *iterator, size_t *size,
                                                  uint32_t *flags) {
    const vpx_codec_cx_pkt_t *packet;
    while ((packet = vpx_codec_get_cx_data(context, iterator))) {
        if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
        *size = packet->data.frame.sz;
        *flags = packet->data.frame.flags;
        return packet->data.frame.buf;
    }
    return 0;
}

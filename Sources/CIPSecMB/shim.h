#pragma once
#include <intel-ipsec-mb.h>

// The library's macros, which Swift cannot import, one function each.

static inline void smartc_imb_gcm128_pre(IMB_MGR *library, const uint8_t *key, void *expanded) {
    IMB_AES128_GCM_PRE(library, key, (struct gcm_key_data *)expanded);
}
static inline void smartc_imb_gcm256_pre(IMB_MGR *library, const uint8_t *key, void *expanded) {
    IMB_AES256_GCM_PRE(library, key, (struct gcm_key_data *)expanded);
}

// Encrypts in place what follows the header, and writes the tag behind it.
static inline void smartc_imb_gcm128_seal(IMB_MGR *library, const void *expanded, uint8_t *packet, uint64_t header,
                                          uint64_t length, const uint8_t *vector) {
    struct gcm_context_data context;
    IMB_AES128_GCM_ENC(library, (const struct gcm_key_data *)expanded, &context, packet + header, packet + header,
                       length - header, vector, packet, header, packet + length, 16);
}
static inline void smartc_imb_gcm256_seal(IMB_MGR *library, const void *expanded, uint8_t *packet, uint64_t header,
                                          uint64_t length, const uint8_t *vector) {
    struct gcm_context_data context;
    IMB_AES256_GCM_ENC(library, (const struct gcm_key_data *)expanded, &context, packet + header, packet + header,
                       length - header, vector, packet, header, packet + length, 16);
}

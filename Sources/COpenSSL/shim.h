#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>

// OpenSSL's macros and variadic functions, which Swift cannot import, one function each.

static inline long smartc_ssl_set_mtu(SSL *ssl, long mtu) { return SSL_set_mtu(ssl, mtu); }
static inline long smartc_dtls_get_timeout(SSL *ssl, struct timeval *left) { return DTLSv1_get_timeout(ssl, left); }
static inline long smartc_dtls_handle_timeout(SSL *ssl) { return DTLSv1_handle_timeout(ssl); }
static inline long smartc_bio_pending(BIO *bio) { return BIO_pending(bio); }
static inline long smartc_ssl_ctx_set_min_version(SSL_CTX *ctx, int version) { return SSL_CTX_set_min_proto_version(ctx, version); }
static inline long smartc_ssl_ctx_disable_session_cache(SSL_CTX *ctx) { return SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); }
static inline long smartc_ssl_ctx_set_groups(SSL_CTX *ctx, const char *names) { return SSL_CTX_set1_groups_list(ctx, names); }
static inline EVP_PKEY *smartc_generate_p256(void) { return EVP_EC_gen("P-256"); }

// A lost flight is sent again after 200 ms, then after twice as long, up to 3 s: OpenSSL's own first second is what a
// person waits for a picture.
static inline unsigned int smartc_dtls_timer(SSL *ssl, unsigned int previous) {
    (void)ssl;
    if (previous == 0) return 200000;
    return previous < 1500000 ? previous * 2 : 3000000;
}
static inline void smartc_ssl_set_timer(SSL *ssl) { DTLS_set_timer_cb(ssl, smartc_dtls_timer); }

// TLS 1.2's pseudorandom function; its parameters are an array of macros' making.
static inline int smartc_tls12_prf(const char *digest, const unsigned char *secret, size_t secret_length,
                                   const unsigned char *seed, size_t seed_length, unsigned char *output, size_t length) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)secret, secret_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)seed, seed_length),
        OSSL_PARAM_construct_end(),
    };
    int status = context ? EVP_KDF_derive(context, output, length, parameters) : 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return status;
}

// Tickets and renegotiation have no place in WebRTC, and the MTU is set per connection rather than asked of a socket.
static inline void smartc_ssl_ctx_set_webrtc_options(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU);
}

// The certificate's chain proves nothing in WebRTC; its fingerprint is compared with the SDP's after the handshake.
static inline int smartc_accept_any_chain(int verified, X509_STORE_CTX *store) { (void)verified; (void)store; return 1; }
static inline void smartc_ssl_ctx_request_certificate(SSL_CTX *ctx) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, smartc_accept_any_chain);
}

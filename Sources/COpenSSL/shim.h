#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
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

// Tickets and renegotiation have no place in WebRTC, and the MTU is set per connection rather than asked of a socket.
static inline void smartc_ssl_ctx_set_webrtc_options(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU);
}

// The certificate's chain proves nothing in WebRTC; its fingerprint is compared with the SDP's after the handshake.
static inline int smartc_accept_any_chain(int verified, X509_STORE_CTX *store) { (void)verified; (void)store; return 1; }
static inline void smartc_ssl_ctx_request_certificate(SSL_CTX *ctx) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, smartc_accept_any_chain);
}

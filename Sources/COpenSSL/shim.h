#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// These are macros in OpenSSL's headers, which Swift does not see.
static inline int co_set_min_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int co_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add0_chain_cert(context, certificate);
}
static inline long co_set_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_mode(context, mode);
}
static inline EVP_PKEY *co_make_ec_key(const char *curve) {
  return EVP_EC_gen(curve);
}
static inline EVP_PKEY *co_make_rsa_key(unsigned int bits) {
  return EVP_RSA_gen(bits);
}
static inline uint64_t co_no_renegotiation(void) { return SSL_OP_NO_RENEGOTIATION; }

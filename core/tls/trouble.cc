#include "core/tls/trouble.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace convoke::tls {
namespace {

std::string words_for(unsigned long code) {
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason is known" : reason;
}

std::string distrust(long verdict, const std::string& server) {
  const std::string reason = X509_verify_cert_error_string(verdict);
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is not for " + server + " (" + reason + ")";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "nobody whom we trust has signed its certificate (" + reason +
             "): give the file of its CA";
    default:
      return "its certificate cannot be trusted: " + reason;
  }
}

bool is_about_our_certificate(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

std::string refused_by(int alert) {
  std::string words = "it ended the TLS session: ";
  words += SSL_alert_desc_string_long(alert);
  if (is_about_our_certificate(alert)) words += " (look at the client certificate and its CA)";
  return words;
}

}  // namespace

std::string last_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  return words_for(code);
}

std::string trouble_of(const ssl_st* session, const std::string& server) {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const long verdict = SSL_get_verify_result(session);
  if (verdict != X509_V_OK) return distrust(verdict, server);
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
      return refused_by(reason - SSL_AD_REASON_OFFSET);
    }
    if (reason == SSL_R_WRONG_VERSION_NUMBER) return "what answers there does not speak TLS";
  }
  return "TLS failed: " + words_for(code);
}

}  // namespace convoke::tls

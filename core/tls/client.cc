#include "core/tls/client.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string_view>
#include <utility>
#include <vector>

#include "core/tls/trouble.h"

namespace convoke::tls {
namespace {

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* it) const {
    kFree(it);
  }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Source = std::unique_ptr<BIO, Freed<BIO_free>>;

Error invalid(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

Source source_of(const std::string& pem) {
  return Source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Asked for a passphrase there is nobody to ask: OpenSSL's own would read from the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

// In their order; empty: there is none, or one of them is broken.
std::vector<Certificate> certificates_in(const std::string& pem) {
  const Source source = source_of(pem);
  std::vector<Certificate> found;
  while (X509* one = PEM_read_bio_X509(source.get(), nullptr, no_passphrase, nullptr)) {
    found.emplace_back(one);
  }
  const bool to_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!to_the_end) found.clear();
  ERR_clear_error();
  return found;
}

Result<void> trust(SSL_CTX* context, const std::string& authorities) {
  if (authorities.empty()) {
    // Those of the system's directory are read when a server first shows one of theirs.
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return invalid("the system's trusted certificates cannot be read: " + last_reason());
  }
  const auto trusted = certificates_in(authorities);
  if (trusted.empty()) return invalid("the CA file does not hold certificates in PEM");
  for (const Certificate& one : trusted) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get()) != 1) {
      return invalid("a certificate of the CA file cannot be used: " + last_reason());
    }
  }
  return {};
}

Result<void> show(SSL_CTX* context, const ClientFiles& files) {
  const auto chain = certificates_in(files.certificate);
  if (chain.empty()) return invalid("the client certificate's file holds none in PEM");
  const Source source = source_of(files.key);
  const Key key(PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr));
  if (key == nullptr) {
    ERR_clear_error();
    return invalid("the client certificate's key file holds no key in PEM without a passphrase");
  }
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return invalid("the client certificate cannot be used: " + last_reason());
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return invalid("the client certificate's chain cannot be used: " + last_reason());
    }
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1) return {};
  return invalid("the client certificate and its key do not belong together: " + last_reason());
}

}  // namespace

void Client::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<std::shared_ptr<const Client>> Client::make(const ClientFiles& files) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_client_method()));
  ENSURE(context != nullptr);
  ENSURE(SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  if (auto trusted = trust(context.get(), files.authorities); !trusted) return trusted.error();
  if (!files.certificate.empty()) {
    if (auto shown = show(context.get(), files); !shown) return shown.error();
  }
  return std::shared_ptr<const Client>(new Client(std::move(context)));
}

}  // namespace convoke::tls

// Certificates of a test's own, made as it runs.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace convoke::tls {

template <auto kFree>
struct FreedBy {
  template <class T>
  void operator()(T* it) const {
    kFree(it);
  }
};
template <class T, auto kFree>
using Held = std::unique_ptr<T, FreedBy<kFree>>;
using HeldKey = Held<EVP_PKEY, EVP_PKEY_free>;
using HeldCertificate = Held<X509, X509_free>;

struct Papers {
  std::string certificate;  // PEM
  std::string key;
};

enum class Validity { kNow, kOver };

class Authority {
 public:
  explicit Authority(const std::string& name)
      : key_(EVP_EC_gen("P-256")), certificate_(blank(name, *key_, Validity::kNow)) {
    extend(*certificate_, NID_basic_constraints, "critical,CA:TRUE");
    sign(*certificate_, X509_get_subject_name(certificate_.get()));
  }

  [[nodiscard]] std::string certificate() const { return pem_of(*certificate_); }
  // `names` as OpenSSL has them: "DNS:redis.example,IP:127.0.0.1".
  [[nodiscard]] Papers issue(const std::string& names, Validity validity = Validity::kNow) const {
    const HeldKey key(EVP_EC_gen("P-256"));
    const HeldCertificate leaf = blank("leaf", *key, validity);
    extend(*leaf, NID_subject_alt_name, names);
    sign(*leaf, X509_get_subject_name(certificate_.get()));
    return {pem_of(*leaf), pem_of(*key, nullptr)};
  }
  // A key in PEM; with a passphrase, encrypted by it.
  [[nodiscard]] static std::string key_with(const char* passphrase) {
    return pem_of(*HeldKey(EVP_EC_gen("P-256")), passphrase);
  }

 private:
  static HeldCertificate blank(const std::string& name, EVP_PKEY& key, Validity validity) {
    static long serial = 0;
    HeldCertificate made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), validity == Validity::kNow ? 36000 : -3600);
    X509_set_pubkey(made.get(), &key);
    const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC, text, -1, -1,
                               0);
    return made;
  }
  static void extend(X509& certificate, int what, const std::string& value) {
    const Held<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()));
    EXPECT_EQ(X509_add_ext(&certificate, extension.get(), -1), 1);
  }
  void sign(X509& certificate, X509_NAME* issuer) const {
    X509_set_issuer_name(&certificate, issuer);
    EXPECT_GT(X509_sign(&certificate, key_.get(), EVP_sha256()), 0);
  }
  static std::string text_of(const Held<BIO, BIO_free>& memory) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }
  static std::string pem_of(X509& certificate) {
    const Held<BIO, BIO_free> memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), &certificate);
    return text_of(memory);
  }
  static std::string pem_of(EVP_PKEY& key, const char* passphrase) {
    const Held<BIO, BIO_free> memory(BIO_new(BIO_s_mem()));
    const EVP_CIPHER* const cipher = passphrase == nullptr ? nullptr : EVP_aes_128_cbc();
    PEM_write_bio_PKCS8PrivateKey(memory.get(), &key, cipher, passphrase,
                                  passphrase == nullptr ? 0 : 4, nullptr, nullptr);
    return text_of(memory);
  }

  HeldKey key_;
  HeldCertificate certificate_;
};

}  // namespace convoke::tls

// A TLS server of OpenSSL's at the other end of a connection in virtual time.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tests/http/fake_wires.h"
#include "tests/tls/authority.h"

namespace convoke::tls {

struct ServerSettings {
  Papers papers;
  std::string client_authority;  // PEM: a client must show a certificate of it; "": need not
  int version_max = 0;           // 0: any
};

class ServerEnd {
 public:
  ServerEnd(std::shared_ptr<fake::Peer> peer, const ServerSettings& settings)
      : peer_(std::move(peer)), context_(SSL_CTX_new(TLS_server_method())) {
    const HeldCertificate certificate = certificate_of(settings.papers.certificate);
    const HeldKey key(
        PEM_read_bio_PrivateKey(source(settings.papers.key).get(), nullptr, nullptr, nullptr));
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), certificate.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), key.get()), 1);
    if (settings.version_max != 0) {
      SSL_CTX_set_security_level(context_.get(), 0);
      SSL_CTX_set_min_proto_version(context_.get(), 0);
      SSL_CTX_set_max_proto_version(context_.get(), settings.version_max);
    }
    if (!settings.client_authority.empty()) {
      const HeldCertificate trusted = certificate_of(settings.client_authority);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), trusted.get());
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                         nullptr);
    }
    ssl_.reset(SSL_new(context_.get()));
    input_ = BIO_new(BIO_s_mem());
    output_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), input_, output_);
    SSL_set_accept_state(ssl_.get());
  }

  // Takes what came and answers it, until neither side has anything to say. What it sends comes in
  // pieces of `fragment` bytes, each a turn.
  void pump() {
    while (true) {
      const std::string got = peer_->take_received();
      BIO_write(input_, got.data(), static_cast<int>(got.size()));
      const bool shaking = SSL_is_init_finished(ssl_.get()) == 0;
      if (shaking) SSL_do_handshake(ssl_.get());
      read();
      if (!send_output() && got.empty()) return;
    }
  }
  void write(std::string_view plain) {
    EXPECT_EQ(SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())),
              static_cast<int>(plain.size()));
    pump();
  }
  void say_end() {
    SSL_shutdown(ssl_.get());
    pump();
  }
  void change_keys() { EXPECT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED), 1); }

  [[nodiscard]] bool heard_end() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  [[nodiscard]] std::string asked_name() const {
    const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }
  [[nodiscard]] fake::Peer& peer() { return *peer_; }
  [[nodiscard]] const SSL* session() const { return ssl_.get(); }

  std::string received;
  std::size_t fragment = fake::Peer::kAll;

 private:
  static Held<BIO, BIO_free> source(const std::string& pem) {
    return Held<BIO, BIO_free>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  }
  static HeldCertificate certificate_of(const std::string& pem) {
    return HeldCertificate(PEM_read_bio_X509(source(pem).get(), nullptr, nullptr, nullptr));
  }
  void read() {
    char buffer[16384];
    int size = 0;
    while ((size = SSL_read(ssl_.get(), buffer, sizeof buffer)) > 0) {
      received.append(buffer, static_cast<std::size_t>(size));
    }
  }
  bool send_output() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(output_, &bytes);
    if (size <= 0) return false;
    const std::string all(bytes, static_cast<std::size_t>(size));
    BIO_reset(output_);
    for (std::size_t at = 0; at < all.size(); at += std::min(fragment, all.size())) {
      peer_->send(std::string_view(all).substr(at, fragment));
    }
    return true;
  }

  std::shared_ptr<fake::Peer> peer_;
  Held<SSL_CTX, SSL_CTX_free> context_;
  Held<SSL, SSL_free> ssl_;
  BIO* input_ = nullptr;
  BIO* output_ = nullptr;
};

}  // namespace convoke::tls

// Whom a delivery over TLS is handed to.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/loop/curl_poster.h"
#include "tests/loop/fixture.h"

namespace convoke {
namespace {

template <class T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* it) const { kFree(it); }
};
template <class T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Freed<T, kFree>>;

// Serves one handshake under a certificate for localhost that nobody vouches for.
class SelfSignedServer {
 public:
  SelfSignedServer() : context_(SSL_CTX_new(TLS_server_method())) {
    const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
    const Owned<X509, X509_free> certificate(X509_new());
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    const auto* host = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), certificate.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), key.get()), 1);

    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SelfSignedServer() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  SelfSignedServer(const SelfSignedServer&) = delete;
  SelfSignedServer& operator=(const SelfSignedServer&) = delete;

  [[nodiscard]] std::string url() const { return "https://localhost:" + std::to_string(port_); }
  // After the client has gone.
  [[nodiscard]] const std::string& received() {
    if (thread_.joinable()) thread_.join();
    return received_;
  }

 private:
  void serve() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    {
      const Owned<SSL, SSL_free> session(SSL_new(context_.get()));
      SSL_set_fd(session.get(), client);
      char buffer[1024];
      if (SSL_accept(session.get()) == 1) {
        const int got = SSL_read(session.get(), buffer, sizeof buffer);
        if (got > 0) received_.assign(buffer, static_cast<std::size_t>(got));
      }
    }
    ::close(client);
  }

  Owned<SSL_CTX, SSL_CTX_free> context_;
  int listener_ = -1;
  int port_ = 0;
  std::string received_;
  std::thread thread_;
};

TEST(CurlPosterTls, NothingIsSentToAServerThatNobodyVouchesFor) {
  SelfSignedServer server;
  Loop loop;
  CurlPosterOptions options;
  options.transfer.may_connect = [](const IpAddress&) { return true; };
  CurlPoster curl(std::move(options));
  const auto poster = curl.open(loop);
  std::optional<PostAnswer> answer;
  poster->post({server.url(), {}, "secret"}, [&](PostAnswer got) { answer = std::move(got); });
  turn_until(loop, [&] { return answer.has_value(); });
  EXPECT_EQ(answer->kind, PostAnswer::Kind::kFailed);
  EXPECT_NE(answer->error.find("certificate"), std::string::npos) << answer->error;
  EXPECT_EQ(server.received(), "");
}

}  // namespace
}  // namespace convoke

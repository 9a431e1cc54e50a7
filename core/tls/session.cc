#include "core/tls/session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include "core/edge/ip_address.h"
#include "core/tls/trouble.h"

namespace convoke::tls {

Session::Session(const Client& client, std::string server)
    : server_(std::move(server)),
      ssl_(SSL_new(client.context())),
      input_(BIO_new(BIO_s_mem())),
      output_(BIO_new(BIO_s_mem())) {
  ENSURE(ssl_ != nullptr && input_ != nullptr && output_ != nullptr);
  SSL_set_bio(ssl_.get(), input_, output_);
  SSL_set_connect_state(ssl_.get());
  if (IpAddress::parse(server_)) {
    ENSURE(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), server_.c_str()) == 1);
    return;
  }
  SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  ENSURE(!server_.empty() && SSL_set1_host(ssl_.get(), server_.c_str()) == 1);
  ENSURE(SSL_set_tlsext_host_name(ssl_.get(), server_.c_str()) == 1);
}

void Session::Free::operator()(ssl_st* session) const { SSL_free(session); }

void Session::feed(std::string_view bytes) {
  const int taken = BIO_write(input_, bytes.data(), static_cast<int>(bytes.size()));
  ENSURE(taken == static_cast<int>(bytes.size()));
}

Session::Step Session::shake_hands() {
  ERR_clear_error();
  return step_after(SSL_do_handshake(ssl_.get()));
}

Session::Step Session::read(std::string_view& plain) {
  ERR_clear_error();
  const int size = SSL_read(ssl_.get(), plain_.data(), static_cast<int>(plain_.size()));
  if (size > 0) plain = {plain_.data(), static_cast<std::size_t>(size)};
  return step_after(size);
}

Session::Step Session::write(std::string_view plain) {
  ERR_clear_error();
  return step_after(SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())));
}

void Session::end() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void Session::take_output(std::string& into) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(output_, &bytes);
  if (size <= 0) return;
  into.append(bytes, static_cast<std::size_t>(size));
  BIO_reset(output_);
}

bool Session::holds_input() const {
  return BIO_ctrl_pending(input_) > 0 || SSL_has_pending(ssl_.get()) == 1;
}

Session::Step Session::step_after(int result) {
  if (result > 0) return Step::kDone;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Step::kMore;
    case SSL_ERROR_ZERO_RETURN:
      return Step::kEnded;
    default:
      error_ = {ErrorCode::kServiceUnavailable, trouble_of(ssl_.get(), server_)};
      return Step::kFailed;
  }
}

}  // namespace convoke::tls

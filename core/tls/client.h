// Whom a client of TLS trusts, and who it is: made once, from files that were read, and used for
// any number of sessions.
//
// TLS 1.2 at least. A server's certificate is always verified, and so is the name or address that
// it was reached by; there is no way to turn that off.
//
// Threads: any, once it is made.
#pragma once

#include <memory>
#include <string>

#include "core/model/error.h"

struct ssl_ctx_st;

namespace convoke::tls {

// All in PEM.
struct ClientFiles {
  std::string authorities;  // whose servers are trusted; "": those that the system trusts
  std::string certificate;  // ours, with those between it and its authority; "": none is shown
  std::string key;          // of our certificate; a secret, without a passphrase
};

class Client {
 public:
  // InvalidArgument, in words that hold no piece of the files.
  [[nodiscard]] static Result<std::shared_ptr<const Client>> make(const ClientFiles& files);

  [[nodiscard]] ssl_ctx_st* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  using Context = std::unique_ptr<ssl_ctx_st, Free>;

  explicit Client(Context context) : context_(std::move(context)) {}

  Context context_;
};

}  // namespace convoke::tls

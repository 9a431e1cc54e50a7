// What went wrong in OpenSSL, in an operator's words.
#pragma once

#include <string>

struct ssl_st;

namespace convoke::tls {

// Takes this thread's last error of OpenSSL's; its reason, in OpenSSL's words.
[[nodiscard]] std::string last_reason();

// Why a session could not be made or went to pieces, and what to look at. `server`: what its
// certificate had to be for.
[[nodiscard]] std::string trouble_of(const ssl_st* session, const std::string& server);

}  // namespace convoke::tls

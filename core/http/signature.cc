#include "core/http/signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/http/date.h"
#include "core/http/url.h"
#include "core/model/base64.h"
#include "core/model/digest.h"

namespace convoke::http {
namespace {

constexpr std::string_view kScheme = "FC ";
constexpr std::string_view kSignedHeaders = "x-fc-";
constexpr std::string_view kProxy = "/2016-08-15/proxy/";
constexpr std::string_view kKeyItem = "x-fc-access-key-id";
constexpr std::string_view kExpiresItem = "x-fc-expires";
constexpr std::string_view kTokenItem = "x-fc-security-token";
constexpr std::string_view kSignatureItem = "x-fc-signature";

struct Item {
  std::string text;  // "key=value", or "key" where no '=' was sent
  std::size_t key_size;
  [[nodiscard]] std::string_view key() const { return std::string_view(text).substr(0, key_size); }
  [[nodiscard]] std::string_view value() const {
    return std::string_view(text).substr(std::min(key_size + 1, text.size()));
  }
};
using Items = std::vector<Item>;

Result<Items> read_items(std::string_view query) {
  Items items;
  while (!query.empty()) {
    const std::string_view sent = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(sent.size() + 1, query.size()));
    if (sent.empty()) continue;
    auto key = percent_decode(sent.substr(0, sent.find('=')), Plus::kIsSpace);
    auto text = percent_decode(sent, Plus::kIsSpace);
    if (!key) return key.error();
    if (!text) return text.error();
    items.push_back({*std::move(text), key->size()});
  }
  return items;
}

std::string joined(const Items& items) {
  std::vector<std::string_view> texts;
  for (const Item& item : items) {
    if (item.key() != kSignatureItem) texts.push_back(item.text);
  }
  std::sort(texts.begin(), texts.end());
  return fmt::format("{}", fmt::join(texts, "\n"));
}

std::string lower(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// All of a name that was sent twice, so that adding one to a signed request spoils its signature.
std::string signed_headers(const Headers& headers) {
  std::vector<std::pair<std::string, std::string_view>> chosen;
  for (const Header& header : headers) {
    std::string name = lower(header.name);
    if (name.starts_with(kSignedHeaders)) chosen.emplace_back(std::move(name), header.value);
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [name, value] : chosen)
    fmt::format_to(std::back_inserter(text), "{}:{}\n", name, value);
  return text;
}

std::string text_to_sign(const RequestHead& head, std::string_view time, std::string_view path,
                         const Items* items) {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}{}", head.method, head.headers.get("Content-MD5"),
                  head.headers.get("Content-Type"), time, signed_headers(head.headers), path);
  if (items != nullptr) (text += '\n') += joined(*items);
  return text;
}

Error missing(std::string_view header) {
  return {ErrorCode::kMissingRequiredHeader,
          fmt::format("required HTTP header {} was not specified", header)};
}

// `Authorization: FC ID:SIGNATURE`. No access key id has a ':' in it.
Result<SignedRequest> read_authorization(std::string_view value) {
  const std::size_t colon = value.find(':');
  if (!value.starts_with(kScheme) || colon == std::string_view::npos) {
    return Error{ErrorCode::kAccessDenied,
                 "the Authorization header is not 'FC ACCESS_KEY_ID:SIGNATURE'"};
  }
  SignedRequest request;
  request.access_key_id = value.substr(kScheme.size(), colon - kScheme.size());
  request.signature = value.substr(colon + 1);
  return request;
}

Result<SignedRequest> read_signed_head(const RequestHead& head, std::string_view authorization) {
  auto request = read_authorization(authorization);
  if (!request) return request;
  request->time = head.headers.get("Date");
  if (request->time.empty()) return missing("Date");
  request->security_token = head.headers.get(kTokenItem);
  const auto path = percent_decode(head.path(), Plus::kIsPlus);
  if (!path) return path.error();
  std::optional<Items> items;
  if (path->starts_with(kProxy)) {
    auto read = read_items(head.query());
    if (!read) return read.error();
    items = *std::move(read);
  }
  request->text = text_to_sign(head, request->time, *path, items ? &*items : nullptr);
  return request;
}

// Twice would be once as we read it and once as its signer meant it.
Result<std::string> value_of(const Items& items, std::string_view key, bool needed) {
  const auto is_it = [key](const Item& item) { return item.key() == key; };
  const auto found = std::find_if(items.begin(), items.end(), is_it);
  if (found == items.end() && needed) {
    return Error{ErrorCode::kAccessDenied,
                 fmt::format("the signed URL has no {} in its query", key)};
  }
  if (found == items.end()) return std::string();
  if (std::any_of(found + 1, items.end(), is_it)) {
    return Error{ErrorCode::kAccessDenied,
                 fmt::format("the signed URL has more than one {} in its query", key)};
  }
  return std::string(found->value());
}

Result<SignedRequest> read_signed_url(const RequestHead& head, const Items& items) {
  SignedRequest request;
  request.by_url = true;
  const std::array<std::pair<std::string_view, std::string*>, 3> needed = {
      {{kSignatureItem, &request.signature},
       {kKeyItem, &request.access_key_id},
       {kExpiresItem, &request.time}}};
  for (const auto& [key, to] : needed) {
    auto value = value_of(items, key, true);
    if (!value) return value.error();
    *to = *std::move(value);
  }
  auto token = value_of(items, kTokenItem, false);
  if (!token) return token.error();
  request.security_token = *std::move(token);
  const auto path = percent_decode(head.path(), Plus::kIsPlus);
  if (!path) return path.error();
  request.text = text_to_sign(head, request.time, *path, &items);
  return request;
}

// For a query: all but what RFC 3986 calls unreserved.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      result += c;
    } else {
      fmt::format_to(std::back_inserter(result), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

void add_item(std::string& target, std::string_view key, std::string_view value) {
  target += target.find('?') == std::string::npos ? '?' : '&';
  ((target += key) += '=') += escaped(value);
}

}  // namespace

Result<SignedRequest> read_signed(const RequestHead& head) {
  const std::string* authorization = head.headers.find("Authorization");
  if (authorization != nullptr) return read_signed_head(head, *authorization);
  const auto items = read_items(head.query());
  if (!items) return items.error();
  const bool by_url = std::any_of(items->begin(), items->end(),
                                  [](const Item& item) { return item.key() == kSignatureItem; });
  return by_url ? read_signed_url(head, *items) : missing("Authorization");
}

std::string signature_of(std::string_view text, std::string_view secret) {
  return encode_base64(hmac_sha256(secret, text));
}

void sign(RequestHead& head, const AccessKey& key, WallTime now) {
  head.headers.set("Date", write_date(now));
  if (!key.security_token.empty()) head.headers.set("X-Fc-Security-Token", key.security_token);
  head.headers.set("Authorization", fmt::format("{}{}:", kScheme, key.id));
  const auto request = read_signed(head);
  if (!request) return;  // a target that no engine can read: refused there, with the reason
  head.headers.set("Authorization", fmt::format("{}{}:{}", kScheme, key.id,
                                                signature_of(request->text, key.secret)));
}

std::string sign_target(std::string_view method, std::string_view target, const AccessKey& key,
                        WallTime expires) {
  std::string with_items(target);
  add_item(with_items, kKeyItem, key.id);
  add_item(with_items, kExpiresItem, std::to_string(to_ms(expires) / 1000));
  if (!key.security_token.empty()) add_item(with_items, kTokenItem, key.security_token);
  add_item(with_items, kSignatureItem, "");
  RequestHead head{std::string(method), std::move(with_items), {}};
  const auto request = read_signed(head);
  ENSURE(request.ok());
  return head.target + escaped(signature_of(request->text, key.secret));
}

}  // namespace convoke::http

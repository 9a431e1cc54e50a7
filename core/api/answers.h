// Shapes that answers share. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/http/url.h"
#include "core/model/error.h"
#include "core/model/instant.h"
#include "core/model/json_writer.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"

namespace convoke {

// "2020-08-20T02:28:21Z".
[[nodiscard]] std::string rfc3339(WallTime time);

// The last step of every answer: an error's body, and the request's id on either.
[[nodiscard]] http::Response finished(Result<http::Response> answer, const std::string& request_id);

// All without X-Fc-Request-Id, which finished() adds.
[[nodiscard]] http::Response json_answer(std::string body);
[[nodiscard]] http::Response json_answer(std::string body, const std::string& etag);
[[nodiscard]] http::Response no_content();  // 204

// The precondition that a request carries, if any.
[[nodiscard]] IfMatch if_match_of(const http::Request& request);

// prefix, startKey, nextToken, limit. InvalidArgument: a limit that is not 1 to kListLimitMax.
[[nodiscard]] Result<ListQuery> list_query_of(const Query& query);

// `{"MEMBER": [...], "nextToken": "..."}`; each item by write_item(item, writer).
template <class Item, class WriteItem>
[[nodiscard]] http::Response list_answer(std::string_view member, const Page<Item>& page,
                                         WriteItem write_item) {
  JsonWriter writer;
  writer.object().key(member).array();
  for (const Item& item : page.items) write_item(*item, writer);
  writer.end();
  if (!page.next_token.empty()) writer.member("nextToken", page.next_token);
  return json_answer(writer.end().take());
}

}  // namespace convoke

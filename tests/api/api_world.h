// A control plane over a real registry in a directory of its own, without threads: a request goes
// in and its answer comes out of the same call. Each mutation happens one second after the last.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/api/control_plane.h"
#include "core/api/router.h"
#include "core/registry/registry.h"
#include "tests/registry/temp_dir.h"
#include "tests/registry/zip_maker.h"

namespace convoke {

class ImmediateHost final : public ControlHost {
 public:
  explicit ImmediateHost(const std::string& directory)
      : registry_(*Registry::open(
            {directory, [](std::string_view handler) { return handler == "pi"; }})) {}

  void mutate(Mutation mutation, std::function<void(Result<Change>)> done) override {
    now_ += Seconds{1};
    Result<Change> change = registry_->execute(mutation, now_);
    if (change) directory_.apply(*change);
    done(std::move(change));
  }
  [[nodiscard]] const Directory& directory() const override { return directory_; }
  [[nodiscard]] std::uint16_t port() const override { return 7070; }
  void read_code(FunctionPtr function, std::function<void(Result<std::string>)> done) override {
    done(registry_->read_zip(*function));
  }
  void count_waiting(const SwitchScope&, std::function<void(std::uint64_t)> counted) override {
    counted(7);
  }
  void who_has_what(RegistrySource::Asked asked) override {
    asked(std::vector<EngineApplied>{{"other:1:a", 0}, {"this:1:a", directory_.version()}});
  }

 private:
  std::unique_ptr<Registry> registry_;
  Directory directory_;
  WallTime now_ = wall_from_ms(1'597'890'500'789);  // 2020-08-20T02:28:20.789Z
};

class ApiWorld {
 public:
  http::Response call(const std::string& method, const std::string& path,
                      const std::string& body = "", const std::vector<http::Header>& headers = {}) {
    http::Request request;
    request.head.method = method;
    request.head.target = path;
    request.head.headers.add("Host", "localhost:7070");
    for (const http::Header& header : headers) request.head.headers.set(header.name, header.value);
    request.body = body;
    const Result<Route> found = route(method, request.head.path());
    if (!found) return http::error_response(found.error(), kRequestId);
    http::Response answer;
    int answers = 0;
    control_.handle(*found, std::move(request), kRequestId, [&](http::Response response) {
      answer = std::move(response);
      ++answers;
    });
    EXPECT_EQ(answers, 1);
    EXPECT_EQ(answer.headers.get("X-Fc-Request-Id"), kRequestId);
    return answer;
  }

  // With the API's version before the path.
  http::Response fc(const std::string& method, const std::string& path,
                    const std::string& body = "", const std::vector<http::Header>& headers = {}) {
    return call(method, "/2016-08-15" + path, body, headers);
  }

  // "404 ServiceNotFound: service 's' does not exist"; for a success its status alone.
  static std::string summary(const http::Response& response) {
    std::string text = std::to_string(response.status);
    if (response.status < 300) return text;
    text += ' ' + member(response.body, "ErrorCode");
    return text + ": " + member(response.body, "ErrorMessage");
  }

  // A text of the answer's JSON, as it stands there.
  static std::string member(const std::string& body, const std::string& name) {
    const std::string before = '"' + name + "\":\"";
    const std::size_t at = body.find(before);
    if (at == std::string::npos) return "";
    const std::size_t from = at + before.size();
    return body.substr(from, body.find('"', from) - from);
  }

  static std::string zip_base64(const std::string& content = "run") {
    return to_base64(make_zip({{"bootstrap", content, kExecutableMode}}));
  }
  static std::string function_body(const std::string& name, const std::string& more = "") {
    return R"({"functionName":")" + name +
           R"(","runtime":"custom","handler":"h","code":{"zipFile":")" + zip_base64() + "\"}" +
           more + "}";
  }

  void create_service(const std::string& name) {
    ASSERT_EQ(fc("POST", "/services", R"({"serviceName":")" + name + "\"}").status, 200);
  }
  void create_function(const std::string& service, const std::string& name) {
    ASSERT_EQ(fc("POST", "/services/" + service + "/functions", function_body(name)).status, 200);
  }

  static constexpr const char* kRequestId = "12345678-1234-4234-8234-123456789012";

 private:
  TempDir directory_;
  ImmediateHost host_{directory_.path()};
  ControlPlane control_{host_};
};

}  // namespace convoke

#include <gtest/gtest.h>

#include "core/registry/code_store.h"
#include "tests/api/api_world.h"

namespace convoke {
namespace {

TEST(Code, TheUrlLeadsToTheZipAsItCame) {
  ApiWorld world;
  world.create_service("s");
  world.create_function("s", "f");
  const std::string zip = make_zip({{"bootstrap", "run", kExecutableMode}});
  const http::Response location = world.fc("GET", "/services/s/functions/f/code");
  EXPECT_EQ(location.body, R"({"url":"http://localhost:7070/convoke/code/s/f","checksum":")" +
                               checksum_of(zip) + "\"}");
  const http::Response code = world.call("GET", "/convoke/code/s/f");
  EXPECT_EQ(code.status, 200);
  EXPECT_EQ(code.headers.get("Content-Type"), "application/zip");
  EXPECT_EQ(code.body, zip);
}

TEST(Code, TheUrlNamesTheEnginesPortWhereTheHostNamesNone) {
  ApiWorld world;
  world.create_service("s");
  world.create_function("s", "f");
  for (const char* host : {"localhost", "[::1]"}) {
    const auto location =
        world.fc("GET", "/services/s/functions/f/code", "", {http::Header{"Host", host}});
    EXPECT_NE(location.body.find(std::string("http://") + host + ":7070/convoke/code/s/f"),
              std::string::npos)
        << location.body;
  }
}

TEST(Code, ThereIsNoneOfWhatIsNotThere) {
  ApiWorld world;
  world.create_service("s");
  EXPECT_EQ(world.call("GET", "/convoke/code/s/f").status, 404);
  EXPECT_EQ(world.call("GET", "/convoke/code/s.prod/f").status, 404);
  EXPECT_EQ(world.call("GET", "/convoke/code/t/f").status, 404);
}

}  // namespace
}  // namespace convoke

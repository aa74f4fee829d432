package io.kvasir.system;

import com.typesafe.config.ConfigFactory;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/** A whole server in the tests' own JVM: on a free port, with the owner that tests know, and no demo. */
final class ServerHere {
    private ServerHere() {}

    /** @param more settings by their paths, which go before the harness's own */
    static Settings settings(Path data, Map<String, ?> more) {
        return Settings.of(ConfigFactory.parseMap(more)
                .withFallback(ConfigFactory.parseMap(Map.of(
                        "kvasir.data-dir",
                        data.toString(),
                        "kvasir.http.port",
                        0,
                        "kvasir.owner.email",
                        ServerProcess.EMAIL,
                        "kvasir.owner.password",
                        ServerProcess.PASSWORD,
                        "kvasir.demo",
                        false)))
                .withFallback(ConfigFactory.load())
                .resolve());
    }

    static URI uri(Server server, String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    /** A client that is logged in as the owner. */
    static Api owner(Server server) throws IOException, InterruptedException {
        Api api = new Api(path -> uri(server, path));
        api.login();
        return api;
    }
}

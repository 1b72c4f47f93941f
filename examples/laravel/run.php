<?php

// Runs a chat controller without Laravel: just as much of it as the controllers here call.
//
//     SCRUBJAY_URL=http://127.0.0.1:8000 php examples/laravel/run.php examples/laravel/ChatController.php ana "Hello"
//
// Prints the response's body as one line of JSON and ends with 0 where its status is 200, else with 1. SCRUBJAY_KEY is
// the key, where one is needed. The host `memory-service:8000` is SCRUBJAY_URL, as it would be in a compose network.

namespace Illuminate\Http {
    class Request
    {
        public function __construct(private array $sent) {}

        public function input(string $name): mixed
        {
            return $this->sent[$name] ?? null;
        }

        public function validate(array $rules): array
        {
            foreach (array_keys($rules) as $name) {
                if (!is_string($this->input($name)) || trim($this->input($name)) === '') {
                    throw new \InvalidArgumentException("The $name field is required.");
                }
            }

            return array_intersect_key($this->sent, $rules);
        }
    }

    class JsonResponse
    {
        public function __construct(public array $data, public int $status, public array $headers) {}
    }
}

namespace Illuminate\Http\Client {
    class ConnectionException extends \Exception {}

    class RequestException extends \Exception
    {
        public function __construct(public Response $response)
        {
            parent::__construct("HTTP request returned status code {$response->status()}: {$response->body()}");
        }
    }

    class Response
    {
        public function __construct(private int $status, private array $headers, private string $body) {}

        public function status(): int
        {
            return $this->status;
        }

        public function body(): string
        {
            return $this->body;
        }

        public function header(string $name): string
        {
            return $this->headers[strtolower($name)] ?? '';
        }

        public function json(string $key): mixed
        {
            return json_decode($this->body, true)[$key] ?? null;
        }

        public function throw(): self
        {
            return $this->status < 400 ? $this : throw new RequestException($this);
        }
    }

    class PendingRequest
    {
        private string $base = '';
        private array $headers = ['Content-Type' => 'application/json'];
        private float $seconds = 30;

        public function baseUrl(string $url): self
        {
            $this->base = rtrim($url, '/');

            return $this;
        }

        public function when(mixed $value, callable $then): self
        {
            return $value ? $then($this, $value) : $this;
        }

        public function withToken(string $token): self
        {
            $this->headers['Authorization'] = "Bearer $token";

            return $this;
        }

        public function acceptJson(): self
        {
            $this->headers['Accept'] = 'application/json';

            return $this;
        }

        public function connectTimeout(float $seconds): self
        {
            return $this; // PHP's own streams know one timeout only
        }

        public function timeout(float $seconds): self
        {
            $this->seconds = $seconds;

            return $this;
        }

        public function post(string $url, array $data): Response
        {
            $address = str_replace('http://memory-service:8000', getenv('SCRUBJAY_URL'), $this->base . $url);
            $lines = array_map(fn ($name, $value) => "$name: $value", array_keys($this->headers), $this->headers);
            $http = ['method' => 'POST', 'header' => $lines, 'content' => json_encode($data)];
            $http += ['timeout' => $this->seconds, 'ignore_errors' => true];
            $body = @file_get_contents($address, false, stream_context_create(['http' => $http]));
            if ($body === false) {
                throw new ConnectionException("Nobody answers at $address.");
            }
            $headers = [];
            foreach (array_slice($http_response_header, 1) as $line) {
                [$name, $value] = explode(':', $line, 2);
                $headers[strtolower($name)] = trim($value);
            }

            return new Response((int) explode(' ', $http_response_header[0])[1], $headers, $body);
        }
    }
}

namespace Illuminate\Support\Facades {
    class Http
    {
        public static function __callStatic(string $name, array $arguments): mixed
        {
            return (new \Illuminate\Http\Client\PendingRequest())->$name(...$arguments);
        }
    }
}

namespace App\Http\Controllers {
    abstract class Controller {}
}

namespace {
    use Illuminate\Http\JsonResponse;

    // The article's controller stands in no namespace.
    class_alias(App\Http\Controllers\Controller::class, 'Controller');
    class_alias(Illuminate\Http\Request::class, 'Request');
    class_alias(Illuminate\Support\Facades\Http::class, 'Http');

    function auth(): object
    {
        return new class {
            public function id(): string
            {
                return $GLOBALS['argv'][2];
            }
        };
    }

    function response(): object
    {
        return new class {
            public function json(array $data, int $status = 200, array $headers = []): JsonResponse
            {
                return new JsonResponse($data, $status, $headers);
            }
        };
    }

    function config(string $name): ?string
    {
        $known = ['services.scrubjay.url' => 'SCRUBJAY_URL', 'services.scrubjay.key' => 'SCRUBJAY_KEY'];

        return getenv($known[$name]) ?: null;
    }

    function report(Throwable $error): void
    {
        fwrite(STDERR, $error->getMessage() . "\n");
    }

    if ($argc !== 4) {
        fwrite(STDERR, "Usage: SCRUBJAY_URL=... php run.php CONTROLLER USER MESSAGE\n");
        exit(2);
    }
    require $argv[1];
    $name = class_exists('ChatController', false) ? 'ChatController' : App\Http\Controllers\ChatController::class;
    $answer = (new $name())->message(new Illuminate\Http\Request(['message' => $argv[3]]));
    echo json_encode($answer->data), "\n";
    exit($answer->status === 200 ? 0 : 1);
}

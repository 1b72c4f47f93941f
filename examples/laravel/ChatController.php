<?php

// A chat controller for Laravel, over Scrubjay. In config/services.php:
//
//     'scrubjay' => ['url' => env('SCRUBJAY_URL'), 'key' => env('SCRUBJAY_KEY')],
//
// and in routes/api.php:
//
//     Route::post('/chat', [ChatController::class, 'message'])->middleware('auth');
//
// The key needs the role `write`. It stays on your server: whoever has it can name any user.

namespace App\Http\Controllers;

use Illuminate\Http\Client\ConnectionException;
use Illuminate\Http\Client\RequestException;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Http;

class ChatController extends Controller
{
    private const AWAY = 'The assistant cannot be reached right now. Please try again in a moment.';

    public function message(Request $request): JsonResponse
    {
        $said = $request->validate(['message' => ['required', 'string', 'max:8000']]);

        try {
            $response = Http::baseUrl(config('services.scrubjay.url'))
                ->when(config('services.scrubjay.key'), fn ($http, $key) => $http->withToken($key))
                ->acceptJson()
                ->connectTimeout(2)
                ->timeout(60) // a model is at work behind this one
                ->post('/chat', ['user_id' => (string) auth()->id(), 'message' => $said['message']])
                ->throw();
        } catch (ConnectionException $error) {
            report($error);

            return response()->json(['error' => self::AWAY], 503);
        } catch (RequestException $error) {
            report($error); // it holds Scrubjay's sentence and code: {"detail": ..., "error": ...}
            $waits = in_array($error->response->status(), [429, 503], true);
            $headers = $waits ? ['Retry-After' => $error->response->header('Retry-After')] : [];

            return response()->json(['error' => self::AWAY], $waits ? 503 : 502, $headers);
        }

        return response()->json([
            'reply' => $response->json('reply'),
            'memories_used' => $response->json('memories_used'),
        ]);
    }
}

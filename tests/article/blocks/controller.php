<?php

// In your Laravel chatbot controller
class ChatController extends Controller
{
    public function message(Request $request)
    {
        $userId = auth()->id();
        $message = $request->input("message");

        // Call your Python FastAPI memory service
        $response = Http::post("http://memory-service:8000/chat", [
            "user_id" => (string) $userId,
            "message" => $message,
        ]);

        return response()->json([
            "reply" => $response->json("reply"),
            "memories_used" => $response->json("memories_used"),
        ]);
    }
}

// Opens Swagger UI on our own description.
"use strict";
SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.url,
  dom_id: "#swagger-ui",
  validatorUrl: null,
});
